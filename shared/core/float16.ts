/**
 * IEEE 754 half precision on plain numbers (Node 20 has no Float16Array). Encoding rounds stochastically:
 * round-to-nearest swallows every update smaller than half an ulp and stalls late training, while a
 * stochastic rounding is right on average.
 */
import type { Rng } from "./rng.ts";

/** Largest finite half; larger values are clamped to it. */
export const float16Max = 65_504;

const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** Encodes a finite number; `rng` decides between the two neighbours with the right odds. */
export function toFloat16(value: number, rng: Rng): number {
  asFloat[0] = value;
  const bits = asBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude >= 0x477f_e000) return sign | 0x7bff; // ≥ 65,504
  // Thirteen bits are cut off: adding as many random ones first carries with the odds of what they say.
  if (magnitude >= 0x3880_0000) return sign | ((magnitude - 0x3800_0000 + (rng.u32() & 0x1fff)) >>> 13);
  if (magnitude < 0x2d80_0000) return sign; // < 2⁻³⁶: nothing but noise
  const exponent = magnitude >>> 23;
  const mantissa = (magnitude & 0x7f_ffff) | 0x80_0000;
  return sign | roundedQuotient(mantissa, 2 ** (126 - exponent), rng); // subnormal: units of 2⁻²⁴
}

/** Half precision's smallest step. */
const smallest = 2 ** -24;

/** Decodes; infinities and NaN come out as themselves. */
export function fromFloat16(half: number): number {
  const magnitude = half & 0x7fff;
  const isNegative = (half & 0x8000) !== 0;
  if (magnitude < 0x400) return (isNegative ? -1 : 1) * magnitude * smallest;
  const exponentShift = magnitude >= 0x7c00 ? 0x7000_0000 : 0x3800_0000;
  asBits[0] = (isNegative ? 0x8000_0000 : 0) | ((magnitude << 13) + exponentShift);
  return asFloat[0] ?? 0;
}

/** `value` / `unit`, rounded up with the odds of what was cut off. */
function roundedQuotient(value: number, unit: number, rng: Rng): number {
  const whole = Math.floor(value / unit);
  const rest = value - whole * unit;
  return rest > 0 && rng.float() * unit < rest ? whole + 1 : whole;
}
