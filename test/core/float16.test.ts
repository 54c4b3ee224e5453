import assert from "node:assert/strict";
import { test } from "node:test";
import { getFloat16, setFloat16 } from "@petamoriken/float16";
import * as fc from "fast-check";
import { encodingOf } from "../../shared/core/encoding.ts";
import { float16Max, toHalves } from "../../shared/core/float16.ts";
import { createRng } from "../../shared/core/rng.ts";
import { fromFloat16, toFloat16 } from "./one-half.ts";

const view = new DataView(new ArrayBuffer(2));

/** The oracle's reading of 16 bits. */
function oracle(half: number): number {
  view.setUint16(0, half);
  return getFloat16(view, 0);
}

test("all finite halves decode as the oracle decodes them, the others are reported", () => {
  for (let half = 0; half < 0x1_0000; half++) {
    const expected = Number.isFinite(oracle(half)) ? oracle(half) : NaN;
    assert.ok(Object.is(fromFloat16(half), expected), half.toString(16));
  }
});

test("every finite half encodes to itself, whatever the dice say", () => {
  const rng = createRng(1);
  for (let half = 0; half < 0x1_0000; half++) {
    const value = oracle(half);
    if (Number.isFinite(value)) assert.equal(toFloat16(value, rng), half, `${value}`);
  }
});

test("what is too large is clamped to 65,504, never infinite", () => {
  const rng = createRng(2);
  for (const value of [65_504, 65_505, 65_519.99, 65_520, 1e9, 3.4e38]) {
    assert.equal(fromFloat16(toFloat16(value, rng)), float16Max);
    assert.equal(fromFloat16(toFloat16(-value, rng)), -float16Max);
  }
});

test("a value becomes one of its two neighbours", () => {
  const rng = createRng(3);
  const values = fc.float({ noNaN: true, min: -65_504, max: 65_504 });
  fc.assert(
    fc.property(values, (value) => {
      const rounded = fromFloat16(toFloat16(value, rng));
      view.setUint16(0, 0);
      setFloat16(view, 0, value);
      const nearest = getFloat16(view, 0);
      assert.ok(Math.abs(rounded - value) < gapAt(value), `${value} became ${rounded}, nearest ${nearest}`);
      if (nearest === value) assert.equal(rounded, value);
    }),
    { seed: 4, numRuns: 5_000 },
  );
});

/** Distance of the halves around a value. */
function gapAt(value: number): number {
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  return 2 ** (exponent - 10) * (1 + 1e-9);
}

test("stochastic rounding is right on average, for normal and subnormal numbers", () => {
  const rng = createRng(5);
  for (const value of [1.0003, -0.1, 1234.5, 6.2e-5, 3.1e-6, -4.7e-8, 2 ** -30]) {
    const draws = 40_000;
    let sum = 0;
    for (let i = 0; i < draws; i++) sum += fromFloat16(toFloat16(value, rng));
    const error = sum / draws - Math.fround(value);
    const allowed = (4 * gapAt(value) * 0.5) / Math.sqrt(draws);
    assert.ok(Math.abs(error) <= allowed, `${value}: off by ${error} on average, ${allowed} allowed`);
  }
});

test("of a whole packet every value is rounded with its own odds", () => {
  const rng = createRng(7);
  const [count, draws] = [6, 20_000];
  const packet = Float32Array.from({ length: count }, (_, i) => 1 + (i + 0.3) / 8192);
  const ups = new Float64Array(count);
  let both = 0;
  const halves = new Uint16Array(count);
  for (let draw = 0; draw < draws; draw++) {
    toHalves(packet, 0, count, halves, rng);
    for (let i = 0; i < count; i++) ups[i] = (ups[i] ?? 0) + (halves[i] === 0x3c01 ? 1 : 0);
    if (halves[4] === 0x3c01 && halves[5] === 0x3c01) both += 1;
  }
  const odds = Array.from(packet, (value) => (value - 1) * 1_024);
  const error = 4 / Math.sqrt(draws);
  for (const [i, expected] of odds.entries())
    assert.ok(Math.abs((ups[i] ?? NaN) / draws - expected) < error, `${ups[i]} of ${draws}, not ${expected}`);
  // Two values share a draw: different bits of it, so that one says nothing about the other.
  assert.ok(Math.abs(both / draws - (odds[4] ?? NaN) * (odds[5] ?? NaN)) < error);
});

test("an update far below half an ulp is not swallowed", () => {
  const rng = createRng(6);
  let value = 1;
  for (let step = 0; step < 20_000; step++) value = fromFloat16(toFloat16(value + 1e-5, rng));
  assert.ok(Math.abs(value - 1.2) < 0.03, `1 + 20,000 · 10⁻⁵ became ${value}`);
});

for (const name of ["f32", "f16"] as const) {
  const encoding = encodingOf(name);

  test(`${name}: what is encoded comes back, and only where it belongs`, () => {
    const values = Float32Array.from({ length: 40 }, (_, i) => (i - 20) / 8);
    const bytes = new Uint8Array(200).fill(0xee);
    encoding.encode(values, 5, 30, bytes, 11, createRng(1));
    const back = new Float32Array(40).fill(9);
    assert.equal(encoding.decode(bytes, 11, 30, back, 5), true);
    assert.deepEqual(back.subarray(5, 35), values.subarray(5, 35));
    assert.ok(back.subarray(0, 5).every((value) => value === 9) && back.subarray(35).every((v) => v === 9));
    const end = 11 + 30 * encoding.bytesPerValue;
    assert.ok(bytes.subarray(0, 11).every((byte) => byte === 0xee) && bytes[end] === 0xee);
  });

  test(`${name}: it does not matter where in how many bytes the values are`, () => {
    const values = Float32Array.from({ length: 9 }, (_, i) => i - 4);
    for (const length of [64, 10_000]) {
      for (const at of [0, 1, 2, 3, length - 9 * encoding.bytesPerValue]) {
        const bytes = new Uint8Array(length).fill(0xee);
        encoding.encode(values, 0, 9, bytes, at, createRng(1));
        const back = new Float32Array(9);
        assert.equal(encoding.decode(bytes, at, 9, back, 0), true);
        assert.deepEqual(back, values);
      }
    }
  });

  test(`${name}: NaN and infinities are reported`, () => {
    const bytes = new Uint8Array(4 * encoding.bytesPerValue);
    encoding.encode(Float32Array.of(1, 2, 3, 4), 0, 4, bytes, 0, createRng(1));
    // All bits of the exponent set: an infinity or, with any other bit, NaN.
    const top = 4 * encoding.bytesPerValue - 1;
    for (const [high, low] of name === "f32" ? infinitesOf32 : infinitesOf16) {
      bytes[top] = high;
      bytes[top - 1] = low;
      assert.equal(encoding.decode(bytes, 0, 4, new Float32Array(4), 0), false);
    }
  });
}

const infinitesOf32 = [
  [0x7f, 0x80],
  [0xff, 0x80],
  [0x7f, 0xc0],
] as const;
const infinitesOf16 = [
  [0x7c, 0x00],
  [0xfc, 0x00],
  [0x7e, 0x01],
] as const;
