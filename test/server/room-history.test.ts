import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createRoomHistory,
  maxDeadlineEvents,
  maxEvents,
  maxPoints,
} from "../../signaling-server/room-history.ts";

test("memory is bounded: an hour of points, older ones thinned; the newest events", () => {
  const history = createRoomHistory();
  const unknown = { loss: null, validationLoss: null, accuracy: null, roundMsP50: null, roundMsP95: null };
  const blank = { round: 0, peers: 1, ...unknown };
  for (let t = 0; t < 20_000; t += 1) {
    history.addPoint({ ...blank, t });
    history.addPoint({ ...blank, t });
    history.addEvent({ t, kind: "notice", text: `${t}` });
    assert.ok(history.points.length <= maxPoints);
  }
  const times = history.points.map(({ t }) => t);
  assert.equal(times[0], 0);
  assert.deepEqual(
    times.slice(-1_800),
    Array.from({ length: 1_800 }, (_, index) => 18_200 + index),
  );
  assert.equal(history.events.length, maxEvents);
  assert.equal(history.events[0]?.t, 20_000 - maxEvents);
});

test("deadlines never push out who came and went", () => {
  const history = createRoomHistory();
  history.addEvent({ t: 0, kind: "joined", text: "first" });
  for (let t = 1; t < 1_000; t += 1) history.addEvent({ t, kind: "deadline", text: "late" });
  assert.equal(history.events.length, 1 + maxDeadlineEvents);
  assert.equal(history.events[0]?.text, "first");
  assert.equal(history.events.at(-1)?.t, 999);
});

test("no topic pushes out the others: of the one of which there are most the oldest goes", () => {
  const history = createRoomHistory();
  history.addEvent({ t: 0, kind: "notice", text: "muted" });
  history.addEvent({ t: 0, kind: "joined", text: "first" });
  for (let t = 1; t < 1_000; t += 1) {
    history.addEvent({ t, kind: "notice", text: "pauses" }, "pause");
    history.addEvent({ t, kind: "view", text: "view" });
  }
  assert.equal(history.events.length, maxEvents);
  assert.deepEqual(
    history.events.slice(0, 2).map(({ text }) => text),
    ["muted", "first"],
  );
});
