import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { createRng } from "../../shared/core/rng.ts";
import { drawDirichlet } from "../../shared/training/data/dirichlet.ts";
import { exactExp, exactLog } from "../../shared/training/data/exact-math.ts";
import { holdOut, samplesByChance, samplesByLabel, stretchesOf } from "../../shared/training/data/shards.ts";
import type { Sharding } from "../../shared/training/data/shards.ts";

const chance = (shards: number, seed: number): Sharding => ({ shards, seed, split: { by: "chance" } });
const labelsOf = (count: number, classes: number, seed = 3) => {
  const rng = createRng(seed);
  return Uint8Array.from({ length: count }, () => rng.below(classes));
};
const everyShard = <Result>(shards: number, own: (shard: number) => Result) =>
  Array.from({ length: shards }, (_, shard) => own(shard));

function assertParted(parts: readonly (readonly number[])[], count: number): void {
  const all = parts.flat().toSorted((a, b) => a - b);
  assert.deepEqual(all, [...Array(count).keys()]);
}

/** Any split, as lists of samples. */
const splits = {
  stretches: (count: number, shards: number, seed: number) =>
    everyShard(shards, (shard) =>
      stretchesOf(shard, count, chance(shards, seed)).flatMap(({ from, length }) =>
        Array.from({ length }, (_, i) => from + i),
      ),
    ),
  "sample by sample": (count: number, shards: number, seed: number) =>
    everyShard(shards, (shard) => [...samplesByChance(shard, count, chance(shards, seed))]),
  "by label": (count: number, shards: number, seed: number) =>
    everyShard(shards, (shard) => [
      ...samplesByLabel(shard, labelsOf(count, 5), 5, 0.3, chance(shards, seed)),
    ]),
};

for (const [name, split] of Object.entries(splits)) {
  test(`${name}: every sample is in exactly one shard, and no shard is empty`, () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 200 }), fc.nat(1000));
    fc.assert(
      fc.property(sizes, ([shards, more, seed]) => {
        const parts = split(shards + more, shards, seed);
        assertParted(parts, shards + more);
        assert.ok(parts.every(({ length }) => length > 0));
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: shards are in the file's order, as large as each other, and another seed parts otherwise`, () => {
    const parts = split(1_000, 8, 1);
    for (const part of parts) {
      assert.ok(part.every((sample, at) => at === 0 || sample > (part[at - 1] ?? 0)));
      assert.ok(Math.abs(part.length - 125) <= 16, `${part.length}`);
    }
    assert.deepEqual(split(1_000, 8, 1), parts);
    assert.notDeepEqual(split(1_000, 8, 2), parts);
  });
}

test("shard numbers beyond the last begin again at the first", () => {
  const sharding = chance(4, 1);
  assert.deepEqual(stretchesOf(6, 1_000, sharding), stretchesOf(2, 1_000, sharding));
  assert.deepEqual(samplesByChance(6, 1_000, sharding), samplesByChance(2, 1_000, sharding));
  const labels = labelsOf(1_000, 10);
  assert.deepEqual(samplesByLabel(6, labels, 10, 1, sharding), samplesByLabel(2, labels, 10, 1, sharding));
});

test("a shard by chance is 16 stretches, fewer where there are few samples or they must be long", () => {
  assert.equal(stretchesOf(0, 50_000, chance(4, 1)).length, 16);
  assert.equal(stretchesOf(0, 50, chance(10, 1)).length, 5);
  assert.equal(stretchesOf(0, 50_000, chance(4, 1), 5_000).length, 2);
});

/** Share of a shard's commonest class, mean over the shards. */
function oneSidedness(alpha: number): number {
  const labels = labelsOf(20_000, 10);
  const shares = everyShard(16, (shard) => {
    const own = samplesByLabel(shard, labels, 10, alpha, chance(16, 5));
    const counts = Array.from({ length: 10 }, (_, label) => own.filter((at) => labels[at] === label).length);
    return Math.max(...counts) / own.length;
  });
  return shares.reduce((a, b) => a + b, 0) / shares.length;
}

test("alpha says how one-sided the shards are", () => {
  assert.ok(oneSidedness(0.1) > 0.8, `${oneSidedness(0.1)}`);
  const middle = oneSidedness(10);
  assert.ok(middle > 0.2 && middle < 0.6, `${middle}`);
  assert.ok(oneSidedness(1_000) < 0.15, `${oneSidedness(1_000)}`);
});

test("a Dirichlet draw has the mean and the variance of its distribution", () => {
  const concentrations = [0.5, 1, 2.5];
  const total = 4;
  const rng = createRng(9);
  const draws = Array.from({ length: 20_000 }, () => drawDirichlet(concentrations, rng));
  for (const [at, concentration] of concentrations.entries()) {
    const values = draws.map((draw) => draw[at] ?? NaN);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const share = concentration / total;
    const expected = (share * (1 - share)) / (total + 1);
    assert.ok(Math.abs(mean - share) < 0.01, `mean ${mean}, expected ${share}`);
    assert.ok(Math.abs(variance / expected - 1) < 0.05, `variance ${variance}, expected ${expected}`);
  }
});

test("a Dirichlet draw of the smallest concentrations is all in one, never nothing", () => {
  const rng = createRng(2);
  for (let i = 0; i < 200; i++) {
    const draw = drawDirichlet(
      Array.from({ length: 10 }, () => 1e-6),
      rng,
    );
    assert.ok(draw.every((share) => share >= 0 && share <= 1));
    assert.ok(Math.abs(draw.reduce((a, b) => a + b, 0) - 1) < 1e-12);
  }
});

test("logarithm and exponential without the engine's own are as exact", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      assert.ok(Math.abs(exactLog(x) - Math.log(x)) <= 1e-14 * Math.max(1, Math.abs(Math.log(x))));
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      assert.ok(Math.abs(exactExp(x) / Math.exp(x) - 1) < 2e-13);
    }),
  );
  assert.equal(exactExp(-Infinity), 0);
});

test("the split by label is this one, on whatever machine it is made", () => {
  const labels = labelsOf(3_000, 10);
  const hash = createHash("sha256");
  for (let shard = 0; shard < 8; shard++) hash.update(samplesByLabel(shard, labels, 10, 0.5, chance(8, 7)));
  assert.equal(hash.digest("hex").slice(0, 16), "3c6f25a2cb3476e5");
});

test("held-out samples are in nobody's shard", () => {
  const { train, validation } = holdOut(100, 30, 4);
  assert.equal(validation.length, 30);
  assertParted([[...train], [...validation]], 100);
  assert.notDeepEqual(holdOut(100, 30, 5).validation, validation);
});
