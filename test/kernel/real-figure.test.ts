/** The smallest version of a figure: real peers over real losses end where the simulation of the same training ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "../../bench/paper/figures/all.ts";
import { needsKernelLab } from "../needs.ts";
import { createMaker } from "../paper/smallest-version.ts";

const make = createMaker();

test("real peers learn what simulated ones do", { skip: needsKernelLab() }, async (t) => {
  const { rows } = (await make(figures.real)).figures;
  const inReality = rows.flatMap((row) => row.real ?? [])[0];
  assert.ok(inReality);
  const [loss = NaN] = inReality.losses;
  const [dropped = NaN] = inReality.dropped;
  const points = rows.map(
    ({ simulated }) => [simulated.dropped[0] ?? NaN, simulated.losses[0] ?? NaN] as const,
  );
  const [[, lossless] = [NaN, NaN]] = points;
  const expected = onLine(points, dropped);
  const told = `${loss} real; simulated ${expected}, ${lossless} without losses`;
  t.diagnostic(`${dropped} did not count: ${told}`);
  // Averaged gradients, which losses harm: a network that lost nothing would not pass.
  const apart = Math.abs(loss - expected);
  assert.ok(apart < 0.2 * expected && apart < loss - lossless, told);
});

/** Where the line through the first two of `points` is at `x`: real peers miss more than the kernel drops. */
function onLine(points: readonly (readonly [number, number])[], x: number): number {
  const [[x0, y0] = [NaN, NaN], [x1, y1] = [NaN, NaN]] = points;
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
