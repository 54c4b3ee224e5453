/** Ties a pure room to sockets and a clock: carries out what the room says, when it says so. */
import type { Server, Socket } from "socket.io";
import type { Clock } from "../shared/core/clock.ts";
import { limits } from "../shared/net/messages.ts";
import type { ClientEvents, JoinRequest, ServerEvents, SignalMessage } from "../shared/net/messages.ts";
import type { RoomStatus } from "../shared/net/status.ts";
import { arrivalsMs, createArrivals } from "./arrivals.ts";
import { accepted, dropped, refuse } from "./events.ts";
import type { Outcome } from "./events.ts";
import { createModelCollector } from "./model-collector.ts";
import type { KeptModel, ModelCollectorOptions } from "./model-collector.ts";
import type { Room, RoomEffect } from "./room.ts";

/** What the server remembers of a socket besides its peer. */
export interface SocketFacts {
  /** The invite that it came with. */
  inviteId?: string | undefined;
  /** It was asked for so many bytes: they are no flood. What it calls takes back what did not come of them. */
  expect?: (bytes: number) => () => void;
  /** It does not read what is sent to it, or not as fast. */
  isBehind?: () => boolean;
}
type NoEvents = Record<string, never>;
export type PeerServer = Server<ClientEvents, ServerEvents, NoEvents, SocketFacts>;
export type PeerSocket = Socket<ClientEvents, ServerEvents, NoEvents, SocketFacts>;

export interface RoomHost {
  readonly room: Room;
  /** The newest that a member handed in. */
  readonly model: KeptModel | null;
  /** Bytes that it may take. */
  readonly modelMemory: number;
  status(): RoomStatus;
  join(socket: PeerSocket, request: JoinRequest): Outcome;
  /** Passes a signal on, to a peer of this room only. */
  relay(from: string, message: SignalMessage): Outcome;
  /** Does something to the room and carries out what follows. */
  act(change: (room: Room, nowMs: number) => readonly RoomEffect[]): void;
  /** A peer has got to the end of the task. */
  finished(peerId: string): void;
  leave(peerId: string, reason: string): void;
  close(): void;
}

const beatMs = 1_000;

/** For one part of a model. */
const partMs = 10_000;
/** With what is around it. */
const partBytes = 2 * limits.modelPartBytes;

export function createRoomHost(
  room: Room,
  clock: Clock,
  models: Pick<ModelCollectorOptions, "task" | "maxBytes" | "onOutcome">,
): RoomHost {
  const sockets = new Map<string, PeerSocket>();
  const collector = createModelCollector({
    ...models,
    clock,
    members: () => room.contributors(),
    async ask(peerId, request) {
      const socket = sockets.get(peerId);
      if (!socket) throw new Error("it left");
      const takeBack = socket.data.expect?.(partBytes);
      return socket.timeout(partMs).emitWithAck("model", request).finally(takeBack);
    },
  });
  const arrivals = createArrivals();
  let cancelArrivals: (() => void) | null = null;
  let cancelDue: (() => void) | null = null;
  let closed = false;
  let cancelBeat = clock.after(beatMs, beat);

  function beat(): void {
    cancelBeat = clock.after(beatMs, beat);
    act((it, nowMs) => it.tick(nowMs));
    collector.consider();
  }

  function act(change: (room: Room, nowMs: number) => readonly RoomEffect[]): void {
    carryOut(change(room, clock.now()));
  }

  function carryOut(effects: readonly RoomEffect[]): void {
    for (const effect of effects) {
      if (effect.event === "joined" && effect.mayWait) keepBack(effect);
      else {
        tellArrivals();
        tell(effect);
      }
    }
    schedule();
  }

  function tell(effect: RoomEffect): void {
    deliver(
      effect.to.flatMap((peerId) => sockets.get(peerId) ?? []),
      effect,
    );
  }

  function keepBack(joined: Parameters<typeof arrivals.add>[0]): void {
    arrivals.add(joined);
    if (!closed) cancelArrivals ??= clock.after(arrivalsMs, tellArrivals);
  }

  function tellArrivals(): void {
    cancelArrivals?.();
    cancelArrivals = null;
    for (const joined of arrivals.take()) tell(joined);
  }

  function schedule(): void {
    cancelDue?.();
    cancelDue = null;
    if (closed || room.dueMs === null) return;
    cancelDue = clock.after(Math.max(0, room.dueMs - clock.now()), () => act((it, nowMs) => it.tick(nowMs)));
  }

  return {
    room,
    act,
    modelMemory: collector.memory,
    get model() {
      return collector.model;
    },
    status() {
      const kept = collector.model;
      const model = kept && { round: kept.round, bytes: kept.bytes, accuracy: kept.accuracy };
      return { ...room.status(), model };
    },
    join(socket, request) {
      const { answer, effects } = room.join(request, clock.now());
      if (answer.ok) sockets.set(request.peerId, socket);
      carryOut(effects);
      return answer;
    },
    relay(from, { to, attempt, data }) {
      const socket = sockets.get(to);
      if (!socket) return refuse("room", `peer ${to} is not in room "${room.name}"`);
      // Who is dialled has to know by whom.
      if (arrivals.has(from)) tellArrivals();
      // Told of it, honest peers would be thrown out for others' slowness; they dial again anyway.
      if (socket.data.isBehind?.()) return dropped;
      socket.emit("signal", { from, attempt, data });
      return accepted;
    },
    finished: (peerId) => collector.finished(peerId),
    leave(peerId, reason) {
      sockets.delete(peerId);
      collector.left(peerId);
      act((it, nowMs) => it.leave(peerId, reason, nowMs));
    },
    close() {
      closed = true;
      cancelBeat();
      cancelDue?.();
      cancelArrivals?.();
      // Peers part when the server says that others left: a server that goes away must say nothing.
      sockets.clear();
    },
  };
}

/**
 * Written once, however many it is for: in a crowd's return that is most of what there is to say.
 * One case per event, because TypeScript does not relate an event's name to its data across a union.
 */
function deliver(sockets: readonly PeerSocket[], effect: RoomEffect): void {
  const to = sockets[0]?.nsp.to(sockets.map(({ id }) => id));
  switch (effect.event) {
    case "joined":
      to?.emit("joined", effect.data);
      break;
    case "left":
      to?.emit("left", effect.data);
      break;
    case "view":
      to?.emit("view", effect.data);
      break;
    case "refused":
      to?.emit("refused", effect.data);
      break;
  }
}
