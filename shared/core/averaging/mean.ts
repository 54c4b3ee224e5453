/** The mean over what arrived: divided by the count that arrived, no zero fill, no 1/n (RPS, step 4). */
import type { Contributions } from "./rule.ts";

/** A `Reduce` to which every round is the first. */
export type Mean = (from: Readonly<Contributions>, count: number, out: Float32Array, at: number) => number;

export function createMean(maxCount: number): Mean {
  const sums = new Float64Array(maxCount);
  return (from, count, out, at) => {
    sums.fill(0, 0, count);
    let contributors = 0;
    for (let seat = 0; seat < from.members; seat++) {
      if (from.present[from.presentAt + seat] !== 1) continue;
      contributors += 1;
      const row = from.offset + seat * from.stride;
      for (let i = 0; i < count; i++) sums[i] = (sums[i] ?? 0) + (from.values[row + i] ?? 0);
    }
    for (let i = 0; i < count; i++) out[at + i] = (sums[i] ?? 0) / contributors;
    return contributors;
  };
}
