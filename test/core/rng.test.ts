/**
 * The numbers here come from an independent transcription (Python) of the published xoshiro128** and of
 * MurmurHash3's finaliser, which gives 11520, 0, 5927040, 70819200, … for the state 1, 2, 3, 4 as published.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng, mix, permutation } from "../../shared/core/rng.ts";

const vectors: readonly (readonly [seed: number, draws: readonly number[]])[] = [
  [0, [965700321, 2821686469, 3232044414, 1159390016, 2320477973, 625300365, 3757791612, 1650756172]],
  [1, [590055354, 2307847951, 1531640933, 2814190173, 2503920928, 3134875450, 3388596320, 2893378524]],
  [42, [1702365376, 3609261912, 4115910009, 1576313518, 814167869, 2305557672, 802968266, 3904152851]],
  [
    0xffff_ffff,
    [1123953398, 3508996190, 84844394, 872392764, 2494808870, 1637151077, 2396320835, 1462696259],
  ],
];

test("the generator is xoshiro128**, to the bit", () => {
  for (const [seed, draws] of vectors) {
    const rng = createRng(seed);
    for (const expected of draws) assert.equal(rng.u32(), expected, `seed ${seed}`);
  }
});

test("the mixer gives the reference's words", () => {
  assert.equal(mix(), 2654435769);
  assert.equal(mix(0), 2287948138);
  assert.equal(mix(1, 2, 3), 3357094767);
  assert.equal(mix(42, 1, 0), 2355364057);
  assert.equal(mix(0xffff_ffff, 0xffff_ffff), 1878722618);
});

test("a float takes 53 bits from two draws and stays below 1", () => {
  const rng = createRng(1);
  assert.equal(rng.float(), (18439229 * 2 ** 26 + 36060124) / 2 ** 53);
  assert.equal(rng.float(), 0.3566129479946919);
  for (let i = 0; i < 10_000; i++) {
    const value = rng.float();
    assert.ok(value >= 0 && value < 1);
  }
});

/** Pearson's statistic against equal shares. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test("below(n) has no modulo bias", () => {
  // 3·2³⁰ is the worst case: a plain modulo would give its first third twice as often as the rest.
  const n = 3 * 2 ** 30;
  const rng = createRng(11);
  const thirds = [0, 0, 0];
  for (let i = 0; i < 30_000; i++) {
    const draw = rng.below(n);
    assert.ok(Number.isInteger(draw) && draw >= 0 && draw < n);
    const third = Math.floor(draw / 2 ** 30);
    thirds[third] = (thirds[third] ?? 0) + 1;
  }
  assert.ok(chiSquare(thirds) < 13.8, `χ² = ${chiSquare(thirds)} (2 degrees of freedom, 1 ‰)`);
  assert.equal(createRng(1).below(1), 0);
});

test("a permutation is the reference's", () => {
  assert.deepEqual(
    [...permutation(16, createRng(9))],
    [9, 2, 1, 8, 15, 12, 13, 4, 0, 10, 6, 11, 3, 7, 5, 14],
  );
  assert.deepEqual([...permutation(0, createRng(9))], []);
});

test("all 24 permutations of 4 are equally likely, also over consecutive rounds", () => {
  const counts = new Map<string, number>();
  for (let round = 0; round < 24_000; round++) {
    const key = permutation(4, createRng(mix(7, 1, round))).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  const statistic = chiSquare([...counts.values()]);
  assert.ok(statistic < 49.7, `χ² = ${statistic} (23 degrees of freedom, 1 ‰)`);
});

test("one bit changed anywhere changes half of the mixed bits", () => {
  let flipped = 0;
  let cases = 0;
  const rng = createRng(5);
  for (let trial = 0; trial < 200; trial++) {
    const words = [rng.u32(), rng.u32(), rng.u32()];
    const before = mix(...words);
    for (let bit = 0; bit < 96; bit++) {
      const changed = words.map((word, i) => (i === bit >> 5 ? (word ^ (1 << (bit & 31))) >>> 0 : word));
      flipped += ones(before ^ mix(...changed));
      cases += 1;
    }
  }
  const share = flipped / cases / 32;
  assert.ok(Math.abs(share - 0.5) < 0.01, `share of flipped bits ${share}`);
});

function ones(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
