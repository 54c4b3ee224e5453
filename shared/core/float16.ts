/**
 * IEEE 754 half precision (Node 20 has no Float16Array). Encoding rounds stochastically: round-to-nearest
 * swallows every update smaller than half an ulp and stalls late training, while a stochastic rounding is
 * right on average. It works on the bits, a packet at a time: whole models pass through here every round.
 */
import type { Rng } from "./rng.ts";

/** Largest finite half; larger values are clamped to it. */
export const float16Max = 65_504;

/** More than a packet holds. */
const mostValues = 1_024;
const floats = new Float32Array(mostValues);
const bits = new Int32Array(floats.buffer);

/** Encodes `count` finite numbers from `values[from]`; `rng` decides between neighbours with the right odds. */
export function toHalves(
  values: Float32Array,
  from: number,
  count: number,
  halves: Uint16Array,
  rng: Rng,
): void {
  for (let i = 0; i < count; i++) floats[i] = values[from + i] ?? 0;
  let dice = 0;
  for (let i = 0; i < count; i++) {
    // A draw is enough for two.
    dice = i % 2 === 0 ? rng.u32() | 0 : dice >>> 16;
    halves[i] = halfOf(bits[i] ?? 0, dice & 0x1fff, rng);
  }
}

/** `single`: the bits of a finite float; `dice`: 13 random bits, as many as a normal half cuts off. */
function halfOf(single: number, dice: number, rng: Rng): number {
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fff_ffff;
  if (magnitude >= 0x477f_e000) return sign | 0x7bff; // ≥ 65,504
  if (magnitude >= 0x3880_0000) return sign | ((magnitude - 0x3800_0000 + dice) >>> 13);
  if (magnitude < 0x2d80_0000) return sign; // < 2⁻³⁶: nothing but noise
  const exponent = magnitude >>> 23;
  const mantissa = (magnitude & 0x7f_ffff) | 0x80_0000;
  return sign | roundedQuotient(mantissa, 2 ** (126 - exponent), rng); // subnormal: units of 2⁻²⁴
}

/** `value` / `unit`, rounded up with the odds of what was cut off. */
function roundedQuotient(value: number, unit: number, rng: Rng): number {
  const whole = Math.floor(value / unit);
  const rest = value - whole * unit;
  return rest > 0 && rng.float() * unit < rest ? whole + 1 : whole;
}

/** How far apart the exponents of the two formats begin. */
const bias = 2 ** 112;

/** Decodes `count` halves from `halves[from]` to `values[to]` on. False when one is not finite. */
export function fromHalves(
  halves: Uint16Array,
  from: number,
  count: number,
  values: Float32Array,
  to: number,
): boolean {
  for (let i = 0; i < count; i++) {
    const half = halves[from + i] ?? 0;
    bits[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
  }
  let largest = 0;
  for (let i = 0; i < count; i++) {
    largest = Math.max(largest, (halves[from + i] ?? 0) & 0x7fff);
    values[to + i] = (floats[i] ?? 0) * bias;
  }
  return largest < 0x7c00;
}
