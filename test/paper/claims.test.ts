/** The smallest version of each figure of the paper, and whether what the figure claims shows in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "../../bench/paper/figures/all.ts";
import { needsData } from "../needs.ts";
import { testGradients, testModels } from "./averaging-claims.ts";
import { createMaker } from "./smallest-version.ts";

const make = createMaker();

test("figures 2 and 3: the round machine has the exact moments, and α2 falls as 1/n", async () => {
  const { points } = (await make(figures["fig2-3"])).figures;
  assert.equal(points.length, 4);
  for (const { workers, drop, exact, measured } of points) {
    const name = `n = ${workers}, p = ${drop}`;
    assert.ok(Math.abs(measured.alpha1 - exact.alpha1) <= 4 * measured.alpha1Error, `α1, ${name}`);
    assert.ok(Math.abs(measured.alpha2 - exact.alpha2) <= 4 * measured.alpha2Error, `α2, ${name}`);
    const leading = (2 * drop * (1 - drop)) / workers;
    const factor = measured.alpha2 / leading;
    const error = (4 * measured.alpha2Error) / leading;
    assert.ok(factor > 0.95 - error && factor < 1.25 + error, `n·α2, ${name}: ${factor} of 2p(1 − p)`);
  }
});

test("what losses cost is at most 1 + 2p, and far below the bound of Corollary 2", async () => {
  const { points } = (await make(figures.theory)).figures;
  for (const { measured, error, exact, simple, corollary2 } of points) {
    assert.ok(Math.abs(measured - exact) <= 4 * error, `${measured} ± ${error}, exactly ${exact}`);
    assert.ok(measured < simple + 4 * error, `${measured} ± ${error}, and 1 + 2p is ${simple}`);
    assert.ok(measured + 4 * error < corollary2);
  }
});

test("a quarter more packets leave at most 2.5 % of the averages missing where 10 % are lost", async () => {
  const [point] = (await make(figures.parity)).figures.points;
  assert.ok(point);
  const { sent, missing, expected } = point;
  assert.equal(sent, 0.25);
  assert.ok(missing <= 0.025, `${missing}`);
  assert.ok(Math.abs(missing - expected) < 0.004, `${missing}, expected ${expected}`);
});

const skip = needsData();

testModels(make, "fig4c", "the LSTM on ATIS");
testGradients(make, "fig5c", "the LSTM on ATIS");

test("where shards differ gradients break, models lose, and running sums don't", { skip }, async () => {
  const { rows } = (await make(figures.sweep)).figures;
  const lossOf = (rule: string, drop: number) =>
    rows.find((row) => row.rule === rule && row.drop === drop)?.endLossOfReplicas ?? NaN;
  const told = rows
    .map(({ rule, drop, endLossOfReplicas }) => `${rule} ${drop}: ${endLossOfReplicas}`)
    .join(", ");
  assert.ok(lossOf("gradient", 0.1) > 2 * lossOf("rps", 0.1), told);
  assert.ok(lossOf("rps", 0.4) > 1.1 * lossOf("rps", 0.1), told);
  assert.ok(lossOf("running-sums", 0.4) < lossOf("rps", 0.1), told);
});

test("what running sums gain where losses delay them, momentum gains without losses", { skip }, async () => {
  const { rows } = (await make(figures.tuned)).figures;
  const [plain = NaN, momentum = NaN, sums = NaN] = rows.map(({ endLoss }) => endLoss);
  const told = `plain ${plain}, momentum ${momentum}, sums ${sums}`;
  assert.ok(sums < plain && momentum < plain, told);
  assert.ok(Math.abs(sums - momentum) < (plain - sums) / 2, told);
});
