/** What peers' sockets may do: the rule of each event, and what the end of a socket means. */
import {
  joinSchema,
  protocolVersion,
  readySchema,
  reportSchema,
  signalSchema,
} from "../shared/net/messages.ts";
import type { JoinRequest, SignalMessage, Welcome } from "../shared/net/messages.ts";
import { createTokenBucket } from "../shared/core/token-bucket.ts";
import { clientOf } from "./client-address.ts";
import { endingOf } from "./endings.ts";
import { accepted, guardEvents, refuse, ruleFor } from "./events.ts";
import type { EventRule, GuardOptions, Outcome } from "./events.ts";
import { isProven } from "./join-check.ts";
import { inviteIn } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { reportIntervalMs } from "./report-interval.ts";
import type { JoinRates } from "./join-rates.ts";
import type { SeatShares } from "./seat-shares.ts";
import type { SocketLimits } from "./socket-limits.ts";
import type { PeerServer, PeerSocket, RoomHost } from "./room-host.ts";

export const peerEvents = ["join", "signal", "ready", "report", "pause", "leave"] as const;

export interface PeersOptions extends Omit<GuardOptions, "rules"> {
  readonly hosts: ReadonlyMap<string, RoomHost>;
  readonly gate: Gate;
  readonly seats: SeatShares;
  readonly rates: JoinRates;
  readonly limits: SocketLimits;
  /** That are open, of all kinds. */
  readonly connections: () => number;
}

export function servePeers(io: PeerServer, options: PeersOptions): void {
  const holders: Holders = new Map();
  io.on("connection", (socket) => {
    let session: Session | undefined;
    const rules = () => (session ??= createSession(socket, { ...options, holders })).rules;
    guardEvents(socket, { ...options, rules });
    socket.on("disconnect", (reason) => session?.end(endingOf(reason)));
  });
}

/** By "room peer id": how who proves its key takes the seat, from a stranger or from an older socket of its own. */
type Holders = Map<string, () => void>;

/** Leaving and joining again on one socket, or trying to; each proof takes a fraction of a millisecond to check. */
const maxJoins = 20;

/** Bytes of signals; a handshake with 31 peers takes a fifth of it. */
const relayedPerSecond = 65_536;
const relayedBurst = 524_288;
/** Of a signal besides its longest text. */
const signalFrame = 256;

function sizeOf({ data }: SignalMessage): number {
  return signalFrame + (data.type === "candidate" ? data.candidate.candidate : data.sdp).length;
}

interface Session {
  readonly rules: ReadonlyMap<string, EventRule>;
  end(reason: string): void;
}

function createSession(
  socket: PeerSocket,
  deps: Pick<PeersOptions, "hosts" | "gate" | "seats" | "rates" | "limits" | "now" | "connections"> & {
    readonly holders: Holders;
  },
): Session {
  const { hosts, gate, seats, rates, limits, now, connections, holders } = deps;
  const relayed = createTokenBucket(relayedPerSecond, relayedBurst);
  let joins = 0;
  let toldMs = 0;
  let seat: { readonly host: RoomHost; readonly peerId: string; readonly free: () => void } | null = null;

  function join(request: JoinRequest): Outcome {
    if (seat)
      return refuse("taken", `this connection has joined room "${seat.host.room.name}": leave it first`);
    // Whether there is such a room or not the same is done and said: who may not come in learns nothing.
    const invite = request.invite ?? inviteIn(socket.handshake.headers, request.room);
    const entry = gate.mayEnter(request.room, invite);
    const mayReturn = gate.mayReturn({ ...request, invite });
    const host = hosts.get(request.room);
    const noRoom = () => {
      const open = [...hosts.keys()].filter((room) => gate.accessOf(room) === "open");
      return refuse("room", noSuchRoom(request.room, open, gate.takesInvites));
    };
    if (!host || !(entry || mayReturn)) return noRoom();
    if ((joins += 1) > maxJoins) return refuse("limit", tooManyJoins);
    const isOwner = isProven(request, socket.id);
    if (request.proof && !isOwner) return refuse("malformed", noProof(request.peerId));
    // A pass is its owner's, whoever has seen it.
    if (!entry && !isOwner) return noRoom();
    const address = clientOf(socket.request);
    const isKnown = isOwner && host.room.knows(request.peerId);
    if (!rates.mayJoin(request.room, address, isKnown)) return refuse("limit", tooOften(request.room));
    const key = `${request.room} ${request.peerId}`;
    if (isOwner) holders.get(key)?.();
    // Its old socket may not be known to be dead yet: that is said by the room, and tried again.
    const isBack = host.room.has(request.peerId);
    const free = isBack ? () => undefined : seats.take(request.room, address);
    if (!free) return refuse("full", tooManyOfYours(request.room));
    socket.data.expect = (bytes) => limits.expect(socket.conn, bytes);
    socket.data.isBehind = () => limits.isBehind(socket.conn);
    const answer = host.join(socket, request);
    if (!answer.ok) {
      free();
      return answer;
    }
    seat = { host, peerId: request.peerId, free };
    holders.set(key, giveWay);
    socket.data.inviteId = gate.idOf(request.room, invite);
    // Who comes back by its pass gets no longer one.
    const pass = entry ? gate.passFor({ ...request, invite }) : request.pass;
    toldMs = reportIntervalMs(connections());
    const pace: Pick<Welcome, "reportMs"> = { reportMs: toldMs };
    return { ...answer, ...pace, ...(isOwner && pass !== undefined && { pass }) };
  }

  /** Lets only joined peers through. */
  const seated =
    <T>(handle: (host: RoomHost, peerId: string, input: T) => Outcome | void) =>
    (input: T): Outcome =>
      seat ? (handle(seat.host, seat.peerId, input) ?? accepted) : refuse("room", "join a room first");

  /** Whoever reports is told of a change: to tell all of a crowd at once would take up the server. */
  function tellPace(): void {
    const reportMs = reportIntervalMs(connections(), toldMs);
    if (reportMs === toldMs) return;
    toldMs = reportMs;
    socket.emit("pace", { reportMs });
  }

  function giveWay(): void {
    const [code, reason] = ["taken", "another peer has proven that it holds the key of this id"] as const;
    socket.emit("refused", { event: "join", code, reason });
    end(reason);
  }

  function end(reason: string): void {
    const left = seat;
    seat = null;
    if (left) holders.delete(`${left.host.room.name} ${left.peerId}`);
    left?.free();
    left?.host.leave(left.peerId, reason);
  }

  const rules: Record<(typeof peerEvents)[number], EventRule> = {
    join: checkingVersion(ruleFor(joinSchema, join, { answered: true })),
    signal: ruleFor(
      signalSchema,
      seated((host, peerId, message) =>
        relayed.take(now(), sizeOf(message))
          ? host.relay(peerId, message)
          : refuse("limit", `more than ${relayedPerSecond} bytes of signals per second: slow down`),
      ),
    ),
    ready: ruleFor(
      readySchema,
      seated((host, peerId, message) => host.act((room, nowMs) => room.ready(peerId, message, nowMs))),
    ),
    report: ruleFor(
      reportSchema,
      seated((host, peerId, report) => {
        host.act((room, nowMs) => room.report(peerId, report, nowMs));
        if (report.round >= host.room.task.rounds) host.finished(peerId);
        tellPace();
      }),
    ),
    pause: {
      answered: false,
      argumentCount: 0,
      take: seated((host, peerId) => host.act((room, nowMs) => room.pause(peerId, nowMs))),
    },
    leave: { answered: false, argumentCount: 0, take: seated(() => end("goodbye")) },
  };
  return { rules: new Map(Object.entries(rules)), end };
}

/** Before the schema: another version's request may look different, and "malformed" would not help anybody. */
function checkingVersion(rule: EventRule): EventRule {
  const take = (payload: unknown): Outcome => {
    const theirs =
      typeof payload === "object" && payload !== null && "protocol" in payload ? payload.protocol : undefined;
    if (typeof theirs !== "number" || theirs === protocolVersion) return rule.take(payload);
    const older = theirs < protocolVersion ? "peer" : "server";
    return refuse(
      "version",
      `the server speaks protocol ${protocolVersion}, the peer ${theirs}: update the ${older}`,
    );
  };
  return { ...rule, take };
}

function noSuchRoom(name: string, open: readonly string[], takesInvites: boolean): string {
  const has = open.map((room) => `"${room}"`).join(", ") || "no open ones";
  const more = takesInvites ? "; one by invite needs an invite that holds" : "";
  return `there is no room "${name}": this server has ${has}${more}`;
}

const tooManyJoins = `more than ${maxJoins} joins on one connection: connect again`;

function noProof(peerId: string): string {
  return `the proof does not show that you hold the key of peer ${peerId}: sign room, peer id and this socket's id with it`;
}

function tooManyOfYours(room: string): string {
  return `room "${room}" has as many peers from your address as it takes: stop one of them, or ask who runs the server (--seats-per-address)`;
}

function tooOften(room: string): string {
  return `too many peers come into room "${room}" from your address: try again in a minute`;
}
