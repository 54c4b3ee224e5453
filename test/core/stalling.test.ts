/** Who lets the others wait now and then, on purpose, and comes late with what they gave up: up to 2 s a round. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLoneMachine } from "./lone-machine.ts";

const others = [1, 2, 3];
const staller = 4;
const learnMs = 40;

type Manner = "in time" | "silent" | "one packet";

/** How long our rounds take beside one that behaves as told, in ms. */
function roundsBeside(manner: (round: number) => Manner, rounds: number): readonly number[] {
  const lone = createLoneMachine(5);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    lone.now += learnMs;
    lone.machine.expect(round);
    lone.machine.begin(round, lone.own(0), lone.now);
    lone.now += 5;
    for (const seat of others) lone.wholeRound(seat, 1, round);
    const how = manner(round);
    if (how === "in time") lone.wholeRound(staller, 1, round);
    // It is there, so nobody gives it up at once; but the rest of its averages does not come.
    if (how === "one packet") lone.gather(staller, lone.blockOf(staller)[0] ?? 0, 1, round);
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
    if (how !== "in time") lone.wholeRound(staller, 1, round);
  }
  return times;
}

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

for (const [name, manner] of [
  [
    "two rounds of three with a single packet in time",
    (round: number) => (round % 3 < 2 ? "one packet" : "in time"),
  ],
  ["every second round so", (round: number) => (round % 2 === 0 ? "one packet" : "in time")],
  ["every third round in silence", (round: number) => (round % 3 === 0 ? "silent" : "in time")],
] as const)
  test(`whoever makes the others wait, ${name}, sets nobody's pace`, (t) => {
    const times = roundsBeside(manner, 600);
    const [first, last] = [mean(times.slice(0, 100)), mean(times.slice(300))];
    t.diagnostic(
      `rounds 0 to 99: ${first.toFixed(0)} ms, 300 to 599: ${last.toFixed(0)} ms; 5 ms without it`,
    );
    assert.ok(last < 200, `${last} ms a round`);
  });
