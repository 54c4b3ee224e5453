/** Peers of several rooms that send each other signals at a steady rate, and how long those take. */
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { createRng } from "../shared/core/rng.ts";
import { limits, protocolVersion } from "../shared/net/messages.ts";
import type { ClientEvents, ServerEvents } from "../shared/net/messages.ts";

export interface Relays {
  /** Milliseconds from one client's call to the other's. */
  run(perSecond: number, seconds: number): Promise<RelayFigures>;
  close(): void;
}

export interface RelayFigures {
  readonly perSecond: number;
  readonly sent: number;
  readonly delivered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Client = Socket<ServerEvents, ClientEvents>;

const tickMs = 5;
/** An offer with its candidates. */
const sdpLength = 1_200;
const joinMs = 20_000;
/** For the last ones to arrive. */
const settleMs = 2_000;

const idOf = (room: number, seat: number) => (room * 1_000 + seat).toString(16).padStart(32, "0");
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Every room full. */
export async function startRelays(port: number, rooms: number): Promise<Relays> {
  const clients: { readonly socket: Client; readonly room: number; readonly seat: number }[] = [];
  const sentAt = new Map<string, number>();
  const took: number[] = [];
  for (let room = 0; room < rooms; room++) {
    for (let seat = 0; seat < limits.membersPerRoom; seat++) {
      const socket: Client = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], forceNew: true });
      socket.on("signal", ({ attempt }) => {
        took.push(performance.now() - (sentAt.get(attempt) ?? NaN));
        sentAt.delete(attempt);
      });
      const answer = await socket.timeout(joinMs).emitWithAck("join", {
        protocol: protocolVersion,
        room: `room-${room}`,
        peerId: idOf(room, seat),
        name: `peer ${seat}`,
        kind: "node",
        backend: "none",
      });
      if (!answer.ok) throw new Error(`room-${room}: ${answer.reason}`);
      clients.push({ socket, room, seat });
    }
  }
  const rng = createRng(1);
  const data = {
    type: "offer",
    sdp: "x".repeat(sdpLength),
    key: "0".repeat(64),
    signature: "0".repeat(128),
  } as const;
  let number = 0;

  function sendOne(): void {
    const from = clients[rng.below(clients.length)];
    if (!from) return;
    const seat = (from.seat + 1 + rng.below(limits.membersPerRoom - 1)) % limits.membersPerRoom;
    const attempt = String((number += 1));
    sentAt.set(attempt, performance.now());
    from.socket.emit("signal", { to: idOf(from.room, seat), attempt, data });
  }

  return {
    async run(perSecond, seconds) {
      took.length = 0;
      sentAt.clear();
      const began = performance.now();
      let sent = 0;
      for (let nowMs = 0; nowMs < seconds * 1_000; nowMs = performance.now() - began) {
        for (; sent < (perSecond * nowMs) / 1_000; sent++) sendOne();
        await pause(tickMs);
      }
      await pause(settleMs);
      const sorted = took.toSorted((a, b) => a - b);
      const at = (share: number) =>
        Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? NaN) * 10) / 10;
      return { perSecond, sent, delivered: took.length, p50Ms: at(0.5), p99Ms: at(0.99) };
    },
    close() {
      for (const { socket } of clients) socket.disconnect();
    },
  };
}
