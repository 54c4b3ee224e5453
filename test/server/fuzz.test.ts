/** Mutated socket events at a live server (event-fuzz.ts), members that lie, raw frames: the fault table throws 100,000. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { Socket } from "socket.io-client";
import type { View } from "../../shared/core/view.ts";
import { maxRefusalsInARow } from "../../signaling-server/events.ts";
import {
  connect,
  join,
  joinRequest,
  joined,
  next,
  offerTo,
  peerReport,
  startServer,
  testTask,
} from "./fixture.ts";
import { canBeSent, eventsPerSocket, fuzzEvents, mutatedEvent, say } from "./event-fuzz.ts";
import type { MutatedEvent } from "./event-fuzz.ts";
import type { TestSocket } from "./fixture.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";

const seed = 20_261_121;
const eventCount = 10_000;

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
    const figures = await fuzzEvents(t, { events: eventCount, seed });
    const { failures, uncounted, changes, signalMs, closedAfterMs, status } = figures;
    assert.deepEqual({ failures, uncounted, changes }, { failures: [], uncounted: 0, changes: 0 });
    assert.ok(figures.events >= eventCount && Number.isFinite(signalMs));
    assert.ok(closedAfterMs < 5_000, `who goes on is closed: ${closedAfterMs} ms`);
    assert.deepEqual(Object.keys(status.signals), [
      "join",
      "signal",
      "ready",
      "report",
      "pause",
      "leave",
      "model",
      "request",
      "flood",
      "backlog",
      "expelled",
      "unknown",
    ]);
    t.diagnostic(JSON.stringify(status.signals));
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

    const events = fc.sample(memberEvent, { numRuns: 8 * eventsPerSocket, seed });
    let round = 1;
    for (let at = 0; at < events.length; at += eventsPerSocket) {
      round += 10;
      await reportAll(round);
      await say(rogue.socket, events.slice(at, at + eventsPerSocket));
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
