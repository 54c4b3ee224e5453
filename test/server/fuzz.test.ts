/** 10,000 mutated socket events (or SHOAL_FUZZ_EVENTS) at a live server, while two honest peers go on. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { Socket } from "socket.io-client";
import type { ServerStatus } from "../../shared/net/status.ts";
import type { View } from "../../shared/core/view.ts";
import { maxRefusalsInARow } from "../../signaling-server/events.ts";
import {
  connect,
  join,
  joinRequest,
  joined,
  next,
  offerTo,
  peerIdOf,
  peerReport,
  startServer,
  testTask,
  waitMs,
} from "./fixture.ts";
import type { TestSocket } from "./fixture.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";

const seed = 20_261_121;
const eventCount = Number(process.env["SHOAL_FUZZ_EVENTS"] ?? 10_000);
/** Fewer than what gets a socket disconnected, so that every event is judged and can be counted. */
const eventsPerSocket = maxRefusalsInARow - 2;

const validPayloads: readonly object[] = [
  joinRequest(7),
  offerTo(peerIdOf(1)),
  { round: 3 },
  peerReport({ validation: { round: 1, loss: 1, accuracy: 0.5 } }),
];
const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown;
const hostileKey = (key: string): unknown => JSON.parse(`{"round": 1, "${key}": {"polluted": true}}`);

const oddValue = fc.oneof(
  fc.anything({ maxDepth: 3, withNullPrototype: true }),
  fc.constantFrom(-1, 0.5, 2 ** 60, Number.NaN, "", null, undefined, [], {}, true),
  fc.constantFrom(...["__proto__", "constructor", "prototype"].map(hostileKey)),
  fc.integer({ min: 9, max: 1_500 }).map(nested),
  fc.integer({ min: 1_000, max: 30_000 }).map((length) => "x".repeat(length)),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
);
/** A valid payload with one field changed, dropped or added. */
const nearlyValid = fc
  .tuple(fc.constantFrom(...validPayloads), fc.nat(), oddValue, fc.constantFrom("set", "drop", "add"))
  .map(([payload, pick, value, how]): unknown => {
    const keys = Object.keys(payload);
    const key = how === "add" ? "extra" : (keys[pick % keys.length] ?? "extra");
    const rest = Object.entries(payload).filter(([name]) => name !== key);
    return Object.fromEntries(how === "drop" ? rest : [...rest, [key, value]]);
  });
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("join", "signal", "ready", "report", "pause", "leave") },
  fc.constantFrom("error", "__proto__", "constructor", "toString", "hasOwnProperty", "message", "ping", ""),
  fc.string({ maxLength: 60 }).map((text) => `?${text}`),
);
interface MutatedEvent {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly callback: boolean;
}
const mutatedEvent: fc.Arbitrary<MutatedEvent> = fc.record({
  name,
  args: fc.array(fc.oneof(nearlyValid, oddValue, fc.constantFrom(...validPayloads)), { maxLength: 3 }),
  callback: fc.boolean(),
});

/** socket.io's own encoder gives up on these; they cannot be sent. */
function canBeSent(args: readonly unknown[]): boolean {
  try {
    return JSON.stringify(args).length < 50_000;
  } catch {
    return false;
  }
}

const countOf = ({ signals }: ServerStatus) =>
  Object.values(signals).reduce((sum, { accepted, refused }) => sum + accepted + refused, 0);

/** Sends a batch over one socket; its last event is a join that is answered once all have been judged. */
async function say(socket: TestSocket, batch: readonly MutatedEvent[]): Promise<void> {
  const anyEvent: Socket = socket;
  for (const event of batch) {
    anyEvent.emit(event.name, ...event.args, ...(event.callback ? [() => undefined] : []));
  }
  await anyEvent.timeout(waitMs).emitWithAck("join", { not: "valid" });
}

async function throwBatch(socket: TestSocket, batch: readonly MutatedEvent[]): Promise<number> {
  await say(socket, batch);
  socket.disconnect();
  return batch.length + 1;
}

function assertOpen(server: SignalingServer): void {
  const events = server.status().rooms.flatMap((room) => room.events.map(({ text }) => text));
  assert.deepEqual(
    events.filter((text) => text.includes("the run has ended")),
    [],
  );
}

const anyRound = fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.constantFrom(0, 1_000_000, 0xffff_ffff));
/** What a member may say: mostly well-formed, with figures that are lies. */
const memberEvent: fc.Arbitrary<MutatedEvent> = fc.oneof(
  { weight: 3, arbitrary: anyRound.map((round) => ({ name: "ready", args: [{ round }], callback: false })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(anyRound, fc.double({ noNaN: true, noDefaultInfinity: true }))
      .map(([round, cycleMs]) => ({
        name: "report",
        args: [peerReport({ round, cycleMs })],
        callback: false,
      })),
  },
  mutatedEvent
    .filter(({ args }) => canBeSent(args))
    .map((event) => ({ ...event, name: event.args.length % 2 === 0 ? "ready" : "report" })),
);

/** The next view that `wanted` accepts. */
async function viewThat(socket: TestSocket, wanted: (view: View) => boolean): Promise<View> {
  for (;;) {
    const view = await next(socket, "view");
    if (wanted(view)) return view;
  }
}

async function becomeMember(socket: TestSocket, peerId: string): Promise<View> {
  const seated = viewThat(socket, ({ members }) => members.includes(peerId));
  socket.emit("ready", { round: 0 });
  return seated;
}

describe("a hostile crowd", () => {
  test(`${eventCount} mutated events: none throws, all are counted, honest peers notice nothing`, async (t) => {
    const failures: string[] = [];
    // Every batch has a socket of its own, all from here.
    const server = await startServer(t, { log: (line) => failures.push(line), socketsPerAddress: 10_000 });
    const first = await joined(t, server, 1);
    let sent = 1;
    for (let at = 0; at < eventCount; at += eventsPerSocket) {
      const stranger = await joined(t, server, 1_000 + at, { room: "other" });
      // Some at a time: a hundred thousand of them are gigabytes.
      const events = fc.sample(mutatedEvent, { numRuns: 3 * eventsPerSocket, seed: seed + at });
      const sendable = events.filter(({ args }) => canBeSent(args)).slice(0, eventsPerSocket);
      assert.equal(sendable.length, eventsPerSocket);
      const batch = throwBatch(stranger.socket, sendable);
      // Meanwhile another honest peer comes, is called, and goes.
      const visitor = await joined(t, server, 2, { room: "room" });
      const called = next(visitor.socket, "signal");
      first.socket.emit("signal", offerTo(visitor.peerId));
      assert.equal((await called).from, first.peerId);
      const gone = next(first.socket, "left");
      visitor.socket.emit("leave");
      await gone;
      visitor.socket.disconnect();
      sent += (await batch) + 4;
    }
    assert.deepEqual(failures, []);
    assert.equal(countOf(server.status()), sent);
    assert.equal(Object.prototype.hasOwnProperty.call(Object.prototype, "polluted"), false);
    assert.deepEqual(Object.keys(server.status().signals), [
      "join",
      "signal",
      "ready",
      "report",
      "pause",
      "leave",
      "model",
      "flood",
      "backlog",
      "expelled",
      "unknown",
    ]);
    t.diagnostic(JSON.stringify(server.status().signals));
  });

  test("a member that lies in its own room neither puts off the views nor ends the run", async (t) => {
    const server = await startServer(t, { tasks: { room: testTask({ rounds: 1_000_000 }) } });
    const honest = [await joined(t, server, 1), await joined(t, server, 2)] as const;
    const both = viewThat(honest[0].socket, ({ members }) => members.length === 2);
    for (const { socket } of honest) socket.emit("ready", { round: 0 });
    await both;
    const reportAll = async (round: number) => {
      for (const { socket } of honest) {
        socket.emit("report", peerReport({ round, cycleMs: 100 }));
        await join(socket, joinRequest(1)); // answered once the report has been judged
      }
    };
    await reportAll(1);
    const rogue = await joined(t, server, 3);
    await becomeMember(rogue.socket, rogue.peerId);

    const batchSize = maxRefusalsInARow - 2;
    const events = fc.sample(memberEvent, { numRuns: 8 * batchSize, seed });
    let round = 1;
    for (let at = 0; at < events.length; at += batchSize) {
      round += 10;
      await reportAll(round);
      await say(rogue.socket, events.slice(at, at + batchSize));
      const visitor = await joined(t, server, 100 + at);
      const { fromRound, members } = await becomeMember(visitor.socket, visitor.peerId);
      assert.ok(fromRound > round && fromRound <= round + 100, `round ${fromRound} at ${round}`);
      assert.ok(honest.every(({ peerId }) => members.includes(peerId)));
      visitor.socket.disconnect();
    }
    assertOpen(server);
  });

  test("raw frames below socket.io's events close their own socket at most", async (t) => {
    const server = await startServer(t);
    const honest = await joined(t, server, 1);
    const deep = "[".repeat(32_000) + "]".repeat(32_000);
    const frames = [
      '2["error",1]',
      "2",
      "2[]",
      "2[1]",
      '2["connect"]',
      '51000000-["x"]',
      '51-["x",1]',
      "9",
      "2{",
      "20[",
      '2/nowhere,["x"]',
      "0/nowhere,",
      '3999["x"]',
      "1",
      "4",
      "é",
      `2["ready",${deep}]`,
      `51-["ready",${deep}]`,
    ];
    for (const frame of frames) {
      const socket = await connect(t, server);
      socket.io.engine.write(frame);
      if (frame.startsWith("51-")) socket.io.engine.write(Buffer.from("x"));
      socket.io.engine.write("2[");
      await next(socket, "disconnect");
    }
    const again = await joined(t, server, 2);
    again.socket.emit("signal", offerTo(honest.peerId));
    assert.equal((await next(honest.socket, "signal")).from, again.peerId);
  });

  test("an oversized frame closes only the socket it came on", async (t) => {
    const server = await startServer(t);
    const [honest, greedy] = [await joined(t, server, 1), await joined(t, server, 2)];
    const left = next(honest.socket, "left");
    const anyEvent: Socket = greedy.socket;
    anyEvent.emit("report", "x".repeat(70_000));
    assert.equal((await left).peerId, greedy.peerId);
    assert.equal(honest.socket.connected, true);
    assert.equal((await join(honest.socket, joinRequest(1))).ok, false);
  });

  test("a socket whose events are refused a hundred times in a row is disconnected, with the reason", async (t) => {
    const server = await startServer(t);
    const anyEvent: Socket = await connect(t, server);
    const reasons: string[] = [];
    anyEvent.on("refused", ({ reason }: { reason: string }) => reasons.push(reason));
    const ended = new Promise((resolve) => anyEvent.once("disconnect", resolve));
    for (let sent = 0; sent < maxRefusalsInARow; sent += 1) anyEvent.emit("nonsense");
    await ended;
    assert.equal(reasons.length, maxRefusalsInARow + 1);
    assert.match(reasons.at(-1) ?? "", /100 events in a row were refused: disconnecting/);
  });

  test("more than a burst of events is refused with code limit", async (t) => {
    const server = await startServer(t, { clock: { now: () => 0, after: () => () => undefined } });
    const { socket } = await joined(t, server, 1);
    const refused = next(socket, "refused");
    for (let sent = 0; sent < 1_000; sent += 1) socket.emit("report", peerReport());
    assert.equal((await refused).code, "limit");
    assert.deepEqual(server.status().signals["report"], { accepted: 999, refused: 1 });
  });
});
