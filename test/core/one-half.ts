/** One number at a time through what works on packets. */
import { fromHalves, toHalves } from "../../shared/core/float16.ts";
import type { Rng } from "../../shared/core/rng.ts";

export function toFloat16(value: number, rng: Rng): number {
  const halves = new Uint16Array(1);
  toHalves(Float32Array.of(value), 0, 1, halves, rng);
  return halves[0] ?? NaN;
}

/** NaN when it is reported as not finite. */
export function fromFloat16(half: number): number {
  const values = new Float32Array(1);
  return fromHalves(Uint16Array.of(half), 0, 1, values, 0) ? (values[0] ?? NaN) : NaN;
}
