/** The smallest version of a figure: real peers over real losses end where the simulation of the same training ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "../../bench/paper/figures/all.ts";
import { needsKernelLab } from "../needs.ts";
import { createMaker } from "../paper/smallest-version.ts";

const make = createMaker();

test("real peers learn what simulated ones do", { skip: needsKernelLab() }, async (t) => {
  const { rows } = (await make(figures.real)).figures;
  // Averaged gradients, which losses harm: without losses this training ends a quarter lower.
  const inReality = rows.flatMap((row) => row.real ?? [])[0];
  assert.ok(inReality);
  const [loss = NaN] = inReality.losses;
  const [dropped = NaN] = inReality.dropped;
  const points = rows.map(
    ({ simulated }) => [simulated.dropped[0] ?? NaN, simulated.losses[0] ?? NaN] as const,
  );
  const expected = between(points, dropped);
  t.diagnostic(`${dropped} did not count: real ${loss}, simulated ${expected}`);
  assert.ok(Math.abs(loss - expected) < 0.2 * expected, `${loss} real, ${expected} simulated`);
});

/** Where the line through `points` is at `x`. */
function between(points: readonly (readonly [number, number])[], x: number): number {
  const after = Math.max(
    1,
    points.findIndex(([at]) => at >= x),
  );
  const [[x0, y0], [x1, y1]] = [points[after - 1] ?? [NaN, NaN], points[after] ?? [NaN, NaN]];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
