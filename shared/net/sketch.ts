/**
 * A replica in 64 numbers, so that the server can tell how far replicas are apart without seeing one: every
 * value is added to one of the numbers, with a sign; which and how is drawn from the task's seed (a "count
 * sketch"). The squared length of a difference of sketches is, in expectation, that of the difference of the
 * replicas. With 64 numbers the estimated distance is rarely off by more than a quarter.
 */
import { createRng, mix } from "../core/rng.ts";
import { limits } from "./messages.ts";
import type { Sketch } from "./messages.ts";

/** Between two sketches passes at least this long: the server looks once a second. */
const leastMs = 2_000;
/** Sets the draws apart from the owners' and the initial model's. */
const purpose = 0x736b_6574;
/** More would only make reports longer: replicas that differ by less are equal to a reader. */
const digits = 7;

/**
 * Rounds between two sketches: a power of two, because then peers whose rounds take about as long still
 * meet in every other sketch when one of them takes half as many.
 */
export function sketchEvery(cycleMs: number): number {
  const rounds = Math.max(1, leastMs / Math.max(1, cycleMs));
  return 2 ** Math.ceil(Math.log2(rounds));
}

export function sketchOf(replica: Float32Array, seed: number): number[] {
  const sums = new Float64Array(limits.sketchValues);
  const rng = createRng(mix(seed, purpose));
  for (const value of replica) {
    const draw = rng.u32();
    const bucket = draw % sums.length;
    sums[bucket] = (sums[bucket] ?? 0) + (draw >= 0x8000_0000 ? value : -value);
  }
  return Array.from(sums, (sum) => Number(sum.toPrecision(digits)));
}

/** Of two replicas, or of two sketches, which is about the same. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return Math.sqrt(sum);
}

/**
 * How far replicas of one round are apart: their rms distance from their mean, relative to the mean's
 * length. Of the sketches given, those of the round that most share count; null when no two do.
 */
export function disagreementOf(sketches: readonly Sketch[]): number | null {
  const group = largestGroup(sketches).map(({ values }) => values);
  if (group.length < 2) return null;
  let spread = 0;
  let length = 0;
  for (let i = 0; i < limits.sketchValues; i++) {
    // Against one of them and not against 0: the distance of equals is exactly 0 then.
    const origin = group[0]?.[i] ?? 0;
    const mean = group.reduce((sum, values) => sum + ((values[i] ?? 0) - origin), 0) / group.length;
    length += (origin + mean) ** 2;
    for (const values of group) spread += ((values[i] ?? 0) - origin - mean) ** 2 / group.length;
  }
  const share = Math.sqrt(spread / length);
  return Number.isFinite(share) ? share : null;
}

/** Of equally large groups the newest. */
function largestGroup(sketches: readonly Sketch[]): readonly Sketch[] {
  const groups = new Map<number, Sketch[]>();
  for (const sketch of sketches) groups.set(sketch.round, [...(groups.get(sketch.round) ?? []), sketch]);
  const [best] = [...groups].toSorted(([a, first], [b, second]) => second.length - first.length || b - a);
  return best?.[1] ?? [];
}
