import assert from "node:assert/strict";
import { test } from "node:test";
import { boundlessPatience } from "../../shared/core/patience.ts";
import { planWithOwners } from "../../shared/core/plan.ts";
import { randomVectors } from "../core/exchange.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import type { GroupOptions } from "../../shared/simulation/group.ts";
import { estimate, exactMoments, spread } from "../../shared/simulation/moments.ts";

/** Of 16 peers every round has four times the owners of a round of 4: as many draws in a quarter of the rounds. */
const roundsOf = (n: number) => (n < 16 ? 2_000 : 500);
const valuesPerFragment = 4;
/** Deadlines make loss of their own, on purpose; here only the network's loss is to count. */
const patience = boundlessPatience(60_000);

type Draw = (n: number, length: number, seed: number) => Float32Array[];

/** Per round: spread after/before, and n·(movement of the mean)²/spread before. */
function measure(
  n: number,
  p: number,
  seed: number,
  extra: Partial<GroupOptions> = {},
  draw: Draw = randomVectors,
) {
  const valueCount = n * valuesPerFragment;
  const group = createGroup({
    members: n,
    seed,
    valueCount,
    valuesPerFragment,
    weather: { loss: p },
    patience,
    ...extra,
  });
  const contraction: number[] = [];
  const movement: number[] = [];
  for (let round = 0; round < roundsOf(n); round++) {
    const before = draw(n, valueCount, seed * 100_003 + round);
    const after = group.average(round, before).map((result) => result.values);
    const was = spread(before);
    const is = spread(after);
    let moved = 0;
    for (let i = 0; i < valueCount; i++) moved += ((is.mean[i] ?? 0) - (was.mean[i] ?? 0)) ** 2;
    contraction.push(is.spread / was.spread);
    movement.push((n * moved) / was.spread);
  }
  return { contraction: estimate(contraction), movement: estimate(movement) };
}

const within = (measured: { mean: number; error: number }, exact: number) =>
  Math.abs(measured.mean - exact) <= 3 * measured.error;

for (const n of [4, 8, 16]) {
  for (const p of [0.01, 0.1, 0.4]) {
    test(`both moment identities hold over ${roundsOf(n)} rounds: n = ${n}, p = ${p}`, () => {
      const { alpha2, beta } = exactMoments(n, p);
      const { contraction, movement } = measure(n, p, 10 * n + p * 100);
      const say = (m: { mean: number; error: number }) => `${m.mean.toFixed(6)} ± ${m.error.toFixed(6)}`;
      assert.ok(
        within(contraction, beta),
        `spread shrinks by ${say(contraction)}, exactly ${beta.toFixed(6)}`,
      );
      assert.ok(
        within(movement, alpha2),
        `the mean moves by ${say(movement)}, exactly α2 = ${alpha2.toFixed(6)}`,
      );
    });
  }
}

/** Seat s differs from the others only in block s: the identities hold for any vectors, so for these too. */
const lopsided: Draw = (n, length, seed) =>
  randomVectors(n, length, seed).map((vector, seat) =>
    vector.map((value, i) => (Math.floor(i / valuesPerFragment) === seat ? value : 0)),
  );

test("an owner that is not re-drawn every round breaks both identities", () => {
  const n = 8;
  const p = 0.4;
  const { alpha2, beta } = exactMoments(n, p);
  const redrawn = measure(n, p, 3, {}, lopsided);
  assert.ok(within(redrawn.contraction, beta) && within(redrawn.movement, alpha2), "re-drawn owners");

  const everySeatItsBlock = Uint32Array.from({ length: n }, (_, seat) => seat);
  const planFor = (input: { fragmentCount: number }) =>
    planWithOwners(everySeatItsBlock, input.fragmentCount);
  const fixed = measure(n, p, 3, { planFor }, lopsided);
  assert.ok(!within(fixed.contraction, beta), `fixed owners: ${fixed.contraction.mean} against ${beta}`);
  assert.ok(!within(fixed.movement, alpha2), `fixed owners: ${fixed.movement.mean} against ${alpha2}`);
});

test("without loss it is plain averaging, to float rounding", () => {
  for (const n of [1, 2, 5, 16]) {
    const length = 1_000;
    const vectors = randomVectors(n, length, n);
    const { mean } = spread(vectors);
    for (const result of createGroup({ members: n, seed: n, valueCount: length }).average(0, vectors)) {
      for (let i = 0; i < length; i++) assert.ok(Math.abs((result.values[i] ?? NaN) - (mean[i] ?? 0)) < 1e-6);
      assert.equal(result.averagedCount, result.averaged.length);
    }
  }
});

test("reordered and duplicated arrivals give the bit-identical result", () => {
  const n = 8;
  const vectors = randomVectors(n, 5_000, 9);
  const run = (weather: object) =>
    createGroup({ members: n, seed: 5, valueCount: 5_000, weather })
      .average(0, vectors)
      .map((result) => result.values);
  const orderly = run({});
  const wild = run({ jitterMs: 15, duplicate: 0.5 });
  for (const [seat, values] of wild.entries()) assert.deepEqual(values, orderly[seat]);
});

test("a lost gather keeps the peer's own values, a lost scatter leaves the sender out of the mean", () => {
  const vectors = [Float32Array.of(0, 0, 0, 0), Float32Array.of(4, 4, 4, 4)];
  const group = createGroup({
    members: 2,
    seed: 1,
    valueCount: 4,
    valuesPerFragment: 2,
    weather: { loss: 1 },
  });
  const results = group.average(0, vectors);
  for (const [seat, result] of results.entries()) assert.deepEqual(result.values, vectors[seat]);
});
