/** Who is slow round after round sets nobody's pace. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import type { RoundResult } from "../../shared/core/round.ts";
import type { Group, GroupOptions } from "../../shared/simulation/group.ts";
import { boundlessPatience } from "../../shared/core/patience.ts";
import { randomVectors } from "./exchange.ts";

const shape = { valueCount: 64, valuesPerFragment: 2 };
const learnMs = 40;

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

interface Run {
  /** Of the others, the longest of each round. */
  readonly roundMs: readonly number[];
  /** Share of the model that they had averages of. */
  readonly averaged: number;
}

/** Everybody learns for a moment, then averages. What `slow` send is under way for `delayMs`, and they begin later. */
function run(
  options: Partial<GroupOptions> & { readonly members: number; readonly slow: readonly number[] },
  slowness: { readonly delayMs?: number; readonly lateMs?: (round: number) => number },
  rounds = 60,
): Run {
  const { members, slow } = options;
  const { delayMs = 1, lateMs = () => 0 } = slowness;
  const isSlow = (seat: number) => slow.includes(seat);
  const weatherOf = (from: string) =>
    slow.some((seat) => from === `peer-${seat}`) ? { delayMs } : undefined;
  const group = createGroup({ seed: 3, ...shape, weatherOf, ...options });
  const vectors = randomVectors(members, shape.valueCount, 3);
  const rng = createRng(3);
  const quick = [...vectors.keys()].filter((seat) => !isSlow(seat));
  const roundMs: number[] = [];
  let averaged = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [seat, values] of vectors.entries()) {
      const afterMs = learnMs + 4 * rng.float() + (isSlow(seat) ? lateMs(round) : 0);
      group.time.after(afterMs, () => group.begin(seat, round, values));
    }
    const until = group.time.now() + learnMs + 5 + lateMs(round);
    group.time.after(until - group.time.now(), () => undefined);
    const results = resultsOf(group, quick, until);
    group.finished(slow);
    roundMs.push(Math.max(...results.map((result) => result.roundMs)));
    averaged += mean(results.map((result) => result.averagedCount / result.averaged.length));
  }
  return { roundMs, averaged: averaged / rounds };
}

function resultsOf(
  { time, finished }: Group,
  seats: readonly number[],
  untilMs: number,
): readonly RoundResult[] {
  time.runUntil(() => time.now() >= untilMs);
  return finished(seats);
}

for (const { members, slow } of [
  { members: 4, slow: [0] },
  { members: 8, slow: [2, 5] },
  { members: 3, slow: [1] },
])
  test(`${slow.length} of ${members} with a slow way out: after some rounds nobody waits for what comes of it`, () => {
    const without = run({ members, slow }, {});
    const { roundMs } = run({ members, slow }, { delayMs: 60 });
    assert.ok(mean(roundMs.slice(0, 5)) >= 60, `waited for at first: ${roundMs.join(" ")}`);
    const [after, before] = [mean(roundMs.slice(30)), mean(without.roundMs.slice(30))];
    assert.ok(after <= 1.1 * before, `${after} ms with it, ${before} ms without`);
  });

test("who is a little slow is worth waiting for", () => {
  const { roundMs, averaged } = run({ members: 4, slow: [0] }, { delayMs: 6 });
  assert.equal(averaged, 1);
  assert.ok(mean(roundMs.slice(25)) >= 6, "they wait for all of it");
});

test("with half of them slow it is the usual pace, and everybody is waited for", () => {
  assert.equal(run({ members: 6, slow: [0, 1, 2] }, { delayMs: 40 }).averaged, 1);
});

test("where each is a little slower than the one before, everybody is waited for", () => {
  const weatherOf = (from: string) => ({ delayMs: 1 + 4 * Number(from.replace("peer-", "")) });
  const { averaged } = run({ members: 16, slow: [], weatherOf }, {});
  assert.equal(averaged, 1);
});

test("who becomes quick again is waited for again, and found out again", () => {
  const isSlow = (round: number) => round < 40 || round >= 60;
  const { roundMs } = run({ members: 4, slow: [0] }, { lateMs: (round) => (isSlow(round) ? 120 : 0) }, 120);
  const waited = roundMs.map((ms) => ms > 100);
  assert.ok(waited[0] && !waited.slice(30, 60).includes(true), `found out: ${waited.join(" ")}`);
  assert.ok(waited[60], "it had been in time for some rounds");
  assert.ok(!waited.slice(95).includes(true), `and again: ${waited.join(" ")}`);
});

test("where there is all the time in the world everybody is waited for", () => {
  const patience = boundlessPatience(60_000);
  const { roundMs, averaged } = run({ members: 4, slow: [0], patience }, { delayMs: 120 });
  assert.equal(averaged, 1);
  assert.ok(roundMs.every((ms) => ms >= 120));
});
