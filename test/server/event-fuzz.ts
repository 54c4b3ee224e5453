/** Mutated socket events at a live server, while two honest peers go on in a room of theirs. Counts what should not be. */
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import type { Socket } from "socket.io-client";
import { quantile } from "../../shared/simulation/figures.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import type { ServerStatus } from "../../shared/net/status.ts";
import { maxRefusalsInARow } from "../../signaling-server/events.ts";
import {
  connect,
  joinRequest,
  joined,
  linkReport,
  next,
  offerTo,
  peerIdOf,
  peerReport,
  startServer,
  waitMs,
} from "./fixture.ts";
import type { Ending, TestSocket } from "./fixture.ts";

export interface MutatedEvent {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly callback: boolean;
}

/** Fewer than what gets a socket disconnected, so that every event is judged and can be counted. */
export const eventsPerSocket = maxRefusalsInARow - 2;

/** As signing-key.ts makes them. */
const idOf = (key: string) => createHash("sha512").update(Buffer.from(key, "hex")).digest("hex").slice(0, 32);
const hex = (digits: number) => "0".repeat(digits);
const sketch = Array.from({ length: 64 }, (_, at) => at / 64);
const to = peerIdOf(1);
const candidate = { candidate: "candidate:1 1 UDP 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0 };
/** Everything that is optional in one and in several of its forms. */
const validJoins: readonly object[] = [
  joinRequest(7, { room: "other" }),
  // Keys that give their ids: the one of a peer whose signature it is not, and bytes that are no point of the curve.
  ...[createSigningKey(new Uint8Array(32).fill(7)).key, `02${"0".repeat(62)}`].map((key, at) => ({
    ...joinRequest(10 + at, { room: "other", peerId: idOf(key) }),
    proof: { key, signature: hex(128) },
  })),
  {
    ...joinRequest(8, { room: "other", kind: "browser" }),
    invite: "an.invite",
    pass: "a.pass",
    proof: { key: hex(64), signature: hex(128) },
    resume: { epoch: 3, round: 30 },
  },
];
const validSignals: readonly object[] = [
  offerTo(to),
  { to, attempt: "1", data: { type: "candidate", candidate, lane: 3 } },
];
const validReadies: readonly object[] = [{ round: 3 }, { round: 3, sketch }];
const validReports: readonly object[] = [
  peerReport({ validation: { round: 1, loss: 1, accuracy: 0.5 } }),
  peerReport({
    loss: 1,
    cycleMs: 10,
    sketch: { round: 0, values: sketch },
    links: [
      { ...linkReport(1, 10, 9, 1), rttMs: 1, lanes: 2, muted: "notOwed", offences: { notOwed: 1 } },
      linkReport(2, 1, 1),
    ],
  }),
];
const valid = { join: validJoins, signal: validSignals, ready: validReadies, report: validReports };
const validPayloads: readonly object[] = Object.values(valid).flat();
const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown;
const hostileKey = (key: string): unknown => JSON.parse(`{"round": 1, "${key}": {"polluted": true}}`);

const oddValue = fc.oneof(
  fc.anything({ maxDepth: 3, withNullPrototype: true }),
  fc.constantFrom(-1, 0.5, 2 ** 60, Number.NaN, "", null, undefined, [], {}, true),
  // What a schema takes, and only what comes after it may refuse.
  fc.constantFrom(0, 1, 31, 2 ** 31, 2 ** 32 - 1, "other", hex(32), peerIdOf(1_000_000), "offer", "node"),
  fc.constantFrom(...["__proto__", "constructor", "prototype"].map(hostileKey)),
  fc.integer({ min: 9, max: 1_500 }).map(nested),
  fc.integer({ min: 1_000, max: 30_000 }).map((length) => "x".repeat(length)),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
);

interface Change {
  readonly how: "set" | "drop" | "add";
  readonly picks: readonly number[];
  readonly value: unknown;
}

/** One field changed, dropped or added, as deep as there are `picks`. */
function changed(payload: object, { how, picks, value }: Change): unknown {
  const [pick = 0, ...deeper] = picks;
  const entries = Object.entries(payload);
  const chosen =
    how === "add" && deeper.length === 0 ? "extra" : entries[pick % Math.max(1, entries.length)]?.[0];
  const key = chosen ?? "extra";
  const inner: unknown = entries.find(([name]) => name === key)?.[1];
  const isDeeper = deeper.length > 0 && typeof inner === "object" && inner !== null;
  const rest = entries.filter(([name]) => name !== key);
  const put = isDeeper ? changed(inner, { how, picks: deeper, value }) : value;
  const all = how === "drop" && !isDeeper ? rest : [...rest, [key, put] as const];
  return Array.isArray(payload) ? all.map(([, item]) => item) : Object.fromEntries(all);
}

/** Valid payloads with one thing that is not. */
const nearlyOf = (payloads: readonly object[]) =>
  fc
    .record({
      payload: fc.constantFrom(...payloads),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      value: oddValue,
      how: fc.constantFrom("set", "drop", "add"),
    })
    .map(({ payload, ...change }): unknown => changed(payload, change));
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("join", "signal", "ready", "report", "pause", "leave") },
  fc.constantFrom("error", "__proto__", "constructor", "toString", "hasOwnProperty", "message", "ping", ""),
  fc.string({ maxLength: 60 }).map((text) => `?${text}`),
);
const anyPayload = fc.oneof(nearlyOf(validPayloads), oddValue, fc.constantFrom(...validPayloads));
const nearlyValidEvents = Object.entries(valid).map(([event, payloads]) =>
  fc.record({
    name: fc.constant(event),
    args: fc.tuple(nearlyOf(payloads)),
    callback: fc.constant(true),
  }),
);
export const mutatedEvent: fc.Arbitrary<MutatedEvent> = fc.oneof(
  fc.record({ name, args: fc.array(anyPayload, { maxLength: 3 }), callback: fc.boolean() }),
  // Half of them are what their event takes but for one thing: the rest never gets far.
  fc.oneof(...nearlyValidEvents),
);

/** socket.io's own encoder gives up on these; they cannot be sent. */
export function canBeSent(args: readonly unknown[]): boolean {
  try {
    return JSON.stringify(args).length < 50_000;
  } catch {
    return false;
  }
}

/** Sends a batch over one socket; its last event is a join that is answered once all have been judged. */
export async function say(socket: TestSocket, batch: readonly MutatedEvent[]): Promise<void> {
  const anyEvent: Socket = socket;
  for (const event of batch)
    anyEvent.emit(event.name, ...event.args, ...(event.callback ? [() => undefined] : []));
  await anyEvent.timeout(waitMs).emitWithAck("join", { not: "valid" });
}

const countOf = ({ signals }: ServerStatus) =>
  Object.values(signals).reduce((sum, { accepted, refused }) => sum + accepted + refused, 0);

/** Some at a time: a hundred thousand of them are gigabytes. */
function batchOf(seed: number): readonly MutatedEvent[] {
  const events = fc.sample(mutatedEvent, { numRuns: 3 * eventsPerSocket, seed });
  return events.filter(({ args }) => canBeSent(args)).slice(0, eventsPerSocket);
}

export interface EventFuzzFigures {
  readonly events: number;
  /** Lines that the server logged: it does for nothing but failures. */
  readonly failures: readonly string[];
  /** Events that were judged, and are in no count; or the other way round. */
  readonly uncounted: number;
  /** Batches after which the honest peers' room, or how many rooms there are, was another. */
  readonly changes: number;
  /** From an honest peer to another, p99, while a batch is thrown, and without one. */
  readonly signalMs: number;
  readonly calmSignalMs: number;
  /** Of a socket that goes on without end; NaN: not within five seconds. */
  readonly closedAfterMs: number;
  readonly status: ServerStatus;
}

/** Half of the sockets have joined a room before, the other half have not. */
export async function fuzzEvents(
  t: Ending,
  { events: wanted, seed, onBatch }: { events: number; seed: number; onBatch?: (sent: number) => void },
): Promise<EventFuzzFigures> {
  const failures: string[] = [];
  // Every batch has a socket of its own, all from here.
  const server = await startServer(t, { log: (line) => failures.push(line), socketsPerAddress: 10_000 });
  const first = await joined(t, server, 1);
  let expected = 1;
  let [events, changes] = [0, 0];

  /** Another honest peer comes, is called, and goes. Returns how long the call took. */
  async function visit(): Promise<number> {
    const visitor = await joined(t, server, 2, { room: "room" });
    const called = next(visitor.socket, "signal");
    const beganMs = performance.now();
    first.socket.emit("signal", offerTo(visitor.peerId));
    const { from } = await called;
    const tookMs = performance.now() - beganMs;
    const gone = next(first.socket, "left");
    visitor.socket.emit("leave");
    await gone;
    visitor.socket.disconnect();
    expected += 3;
    return from === first.peerId ? tookMs : NaN;
  }

  const isAsBefore = () => {
    const { rooms } = server.status();
    const peers = rooms.find((room) => room.room === "room")?.peers ?? [];
    return rooms.length === 2 && peers.length === 1 && peers[0]?.peerId === first.peerId;
  };

  const calm: number[] = [];
  for (let visits = 0; visits < 20; visits++) calm.push(await visit());
  const took: number[] = [];
  for (let turn = 0; events < wanted; turn++) {
    onBatch?.(events);
    const hasJoined = turn % 2 === 0;
    const stranger = hasJoined
      ? (await joined(t, server, 1_000 + turn, { room: "other" })).socket
      : await connect(t, server);
    const batch = batchOf(seed + turn);
    const thrown = say(stranger, batch).then(() => stranger.disconnect());
    took.push(await visit());
    await thrown;
    events += batch.length;
    expected += batch.length + 1 + Number(hasJoined);
    changes += Number(!isAsBefore());
  }
  const status = server.status();
  const isPolluted = Object.prototype.hasOwnProperty.call(Object.prototype, "polluted");
  const p99 = (times: readonly number[]) => (times.some(Number.isNaN) ? NaN : quantile(times, 0.99));
  return {
    events,
    failures,
    uncounted: Math.abs(countOf(status) - expected),
    changes: changes + Number(isPolluted),
    signalMs: p99(took),
    calmSignalMs: p99(calm),
    closedAfterMs: await untilClosed(await connect(t, server), seed),
    status,
  };
}

async function untilClosed(socket: TestSocket, seed: number): Promise<number> {
  const anyEvent: Socket = socket;
  const beganMs = performance.now();
  const closed = next(socket, "disconnect").then(
    () => performance.now() - beganMs,
    () => NaN,
  );
  for (let turn = 0; socket.connected && performance.now() < beganMs + waitMs; turn++) {
    for (const { name: event, args } of batchOf(seed - 1 - turn)) anyEvent.emit(event, ...args);
    // Until it has been read, or nobody listens any more.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return closed;
}
