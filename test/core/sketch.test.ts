import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { limits } from "../../shared/net/messages.ts";
import { disagreementOf, sketchEvery, sketchOf } from "../../shared/net/sketch.ts";

const count = 14_000;

/** Replicas that differ from one model by noise of this size. */
function replicas(members: number, noise: number, seed: number): Float32Array[] {
  const rng = createRng(seed);
  const model = Float32Array.from({ length: count }, () => rng.normal());
  return Array.from({ length: members }, () => model.map((value) => value + noise * rng.normal()));
}

function exactDisagreement(all: readonly Float32Array[]): number {
  let spread = 0;
  let length = 0;
  for (let i = 0; i < count; i++) {
    const mean = all.reduce((sum, one) => sum + (one[i] ?? 0), 0) / all.length;
    length += mean * mean;
    for (const one of all) spread += ((one[i] ?? 0) - mean) ** 2 / all.length;
  }
  return Math.sqrt(spread / length);
}

const sketched = (all: readonly Float32Array[], seed: number) =>
  all.map((one) => ({ round: 8, values: sketchOf(one, seed) }));

test("the disagreement of sketches is that of the replicas, within a factor of 1.5", () => {
  for (const [members, noise] of [
    [2, 0.1],
    [2, 0.001],
    [4, 1],
    [16, 0.01],
  ] as const) {
    for (let seed = 1; seed <= 10; seed++) {
      const all = replicas(members, noise, seed);
      const ratio = (disagreementOf(sketched(all, seed)) ?? NaN) / exactDisagreement(all);
      assert.ok(
        ratio > 1 / 1.5 && ratio < 1.5,
        `${members} members, noise ${noise}: ${ratio} times the exact`,
      );
    }
  }
});

test("equal replicas disagree by 0; nothing is known of one, of other rounds, of nothing at all", () => {
  const [same] = replicas(1, 0, 1);
  assert.ok(same);
  assert.equal(disagreementOf(sketched([same, same, same], 1)), 0);
  const zeros = Array.from({ length: limits.sketchValues }, () => 0);
  for (const sketches of [
    [],
    sketched([same], 1),
    [8, 16].map((round) => ({ round, values: sketchOf(same, 1) })),
    [8, 8].map((round) => ({ round, values: zeros })),
    [8, 8].map((round, i) => ({ round, values: zeros.map(() => (i === 0 ? 1e300 : -1e300)) })),
  ])
    assert.equal(disagreementOf(sketches), null);
});

test("the round that most members share counts, then the newest", () => {
  const at = (round: number, value: number) => ({
    round,
    values: Array.from({ length: limits.sketchValues }, () => value),
  });
  assert.equal(disagreementOf([at(8, 1), at(8, 1), at(8, 1), at(16, 1), at(16, 3)]), 0);
  assert.equal(disagreementOf([at(8, 1), at(8, 1), at(16, 1), at(16, 3)]), 0.5);
});

test("sketches come every two seconds or more, every round where rounds are long, and peers of about one speed meet", () => {
  for (const cycleMs of [1, 3, 10, 50, 100, 300, 1_000, 1_999]) {
    const every = sketchEvery(cycleMs);
    assert.ok(every * cycleMs >= 2_000 && every * cycleMs < 4_000, `${cycleMs} ms: every ${every} rounds`);
    const others = sketchEvery(1.5 * cycleMs);
    assert.equal(Math.max(every, others) % Math.min(every, others), 0);
  }
  assert.deepEqual([sketchEvery(2_000), sketchEvery(60_000)], [1, 1]);
});

test("a sketch takes not much longer than drawing a number for each value", () => {
  const [replica] = replicas(1, 0, 1);
  assert.ok(replica);
  const rng = createRng(1);
  const draw = () => {
    for (let i = 0; i < count; i++) rng.u32();
  };
  const timeOf = (run: () => void) => {
    const startedMs = performance.now();
    run();
    return performance.now() - startedMs;
  };
  // In turn, because other tests run beside this one, and the fastest of each.
  let [drawing, sketching] = [Infinity, Infinity];
  // The engine compiles the two when it finds the time.
  for (let tries = 0; tries < 50 || (tries < 2_000 && sketching > 30 * drawing); tries++) {
    drawing = Math.min(drawing, timeOf(draw));
    sketching = Math.min(
      sketching,
      timeOf(() => sketchOf(replica, 1)),
    );
  }
  assert.ok(sketching <= 30 * drawing, `${sketching} ms against ${drawing}`);
});
