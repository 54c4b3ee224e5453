/** Who lets the others wait now and then, on purpose, and comes late with what they gave up: up to 2 s a round. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLoneMachine } from "./lone-machine.ts";

const learnMs = 40;

type Manner = "in time" | "silent" | "one packet";

/** How long our rounds take beside some that behave as told, in ms. */
function roundsBeside(
  manner: (round: number, staller: number) => Manner,
  rounds: number,
  { members = 5, stallers = 1 } = {},
): readonly number[] {
  const lone = createLoneMachine(members);
  const others = Array.from({ length: members - 1 - stallers }, (_, i) => i + 1);
  const lazy = Array.from({ length: stallers }, (_, i) => members - 1 - i);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    lone.now += learnMs;
    lone.machine.expect(round);
    lone.machine.begin(round, lone.own(0), lone.now);
    lone.now += 5;
    for (const seat of others) lone.wholeRound(seat, 1, round);
    for (const [which, seat] of lazy.entries()) {
      const how = manner(round, which);
      if (how === "in time") lone.wholeRound(seat, 1, round);
      // It is there, so nobody gives it up at once; but the rest of its averages does not come.
      if (how === "one packet") lone.gather(seat, lone.blockOf(seat)[0] ?? 0, 1, round);
    }
    let result = lone.machine.takeResult();
    for (let wakes = 0; !result && wakes < 1_000; wakes++) {
      lone.now = Math.max(lone.now, lone.machine.wakeAt());
      lone.machine.tick(lone.now);
      result = lone.machine.takeResult();
    }
    assert.ok(result, `round ${round} ends`);
    times.push(result.roundMs);
    // Late, but not lost: whoever sees that waits longer the next time.
    lone.now += 1;
    for (const [which, seat] of lazy.entries())
      if (manner(round, which) !== "in time") lone.wholeRound(seat, 1, round);
  }
  return times;
}

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

/** One packet in the first of so many rounds, all in time in the others. */
const oneOf = (count: number) => (round: number) => (round % count === 0 ? "one packet" : "in time");

for (const [name, manner, room] of [
  [
    "two rounds of three with a single packet in time",
    (round: number) => (round % 3 < 2 ? "one packet" : "in time"),
  ],
  ["every second round so", oneOf(2)],
  ["every third round so", oneOf(3)],
  ["every fourth round so", oneOf(4)],
  ["every fifth round so", oneOf(5)],
  ["every sixth round so", oneOf(6)],
  ["every eighth round so", oneOf(8)],
  ["every twelfth round so", oneOf(12)],
  ["two rounds of six so", (round: number) => (round % 6 < 2 ? "one packet" : "in time")],
  ["every third round in silence", (round: number) => (round % 3 === 0 ? "silent" : "in time")],
  [
    "three of ten in turn",
    (round: number, which: number) => (round % 3 === which ? "one packet" : "in time"),
    { members: 10, stallers: 3 },
  ],
  [
    "three of ten in turn, each every sixth round",
    (round: number, which: number) => (round % 6 === which ? "one packet" : "in time"),
    { members: 10, stallers: 3 },
  ],
] as const)
  test(`whoever makes the others wait, ${name}, sets nobody's pace`, (t) => {
    const times = roundsBeside(manner, 600, room);
    const [first, last] = [mean(times.slice(0, 100)), mean(times.slice(300))];
    t.diagnostic(
      `rounds 0 to 99: ${first.toFixed(0)} ms, 300 to 599: ${last.toFixed(0)} ms; 5 ms without it`,
    );
    assert.ok(last < 200, `${last} ms a round`);
  });
