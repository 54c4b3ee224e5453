/** The smallest version of each figure of the paper, and whether what the figure claims shows in it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { figures } from "../../bench/paper/figures/all.ts";
import type { Figure, FigureFiles } from "../../bench/paper/figures/figure.ts";
import type { ArmResult } from "../../bench/paper/figures/training.ts";
import { runAll } from "../../bench/paper/pool.ts";
import { needsData } from "../needs.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-paper-"));
after(() => rmSync(folder, { recursive: true }));
const dataDir = process.env["SHOAL_DATA"];

function make<Kept>(figure: Figure<Kept>): Promise<FigureFiles<Kept>> {
  const { signal } = new AbortController();
  const say = () => {};
  return figure.make({
    size: "test",
    signal,
    say,
    keep: ({ make: measure }) => measure(),
    train: (specs) => runAll(specs, { jobs: 2, folder, dataDir, signal, say }),
  });
}

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

async function armsOf(
  name: "fig4a" | "fig4b" | "fig4c" | "fig5a" | "fig5b" | "fig5c",
): Promise<(averaging: string, drop: number) => ArmResult> {
  const { rows } = (await make(figures[name])).figures;
  return (averaging, drop) => {
    const arm = rows.find((row) => row.averaging === averaging && row.drop === drop);
    assert.ok(arm, `${averaging} ${drop}`);
    return arm;
  };
}

const skip = needsData();

for (const [name, of] of [
  ["fig4c", "the LSTM on ATIS"],
  ["fig4a", "ResNet-20 on CIFAR-10"],
  ["fig4b", "ResNet-110 on CIFAR-10"],
] as const) {
  test(`${name}: ${of} learns with 10 % lost what it learns without`, { skip }, async () => {
    const arm = await armsOf(name);
    const [lossless, lossy] = [arm("rps", 0), arm("rps", 0.1)];
    assert.equal(lossless.dropped, 0);
    assert.ok(Math.abs(lossy.dropped - 0.1) < 0.01, `${lossy.dropped} dropped`);
    const [first = NaN] = lossless.curve.map(([, loss]) => loss);
    assert.ok(lossless.trainLoss < first, `${first} at first, ${lossless.trainLoss} in the end`);
    const learned = first - lossless.trainLoss;
    const apart = Math.abs(lossy.trainLoss - lossless.trainLoss);
    assert.ok(apart < 0.05 * learned, `${learned} learned, ${apart} apart`);
  });
}

for (const [name, of] of [
  ["fig5c", "the LSTM on ATIS"],
  ["fig5a", "ResNet-20 on CIFAR-10"],
  ["fig5b", "ResNet-110 on CIFAR-10"],
] as const) {
  test(`${name}: with gradients averaged the replicas of ${of} drift apart`, { skip }, async () => {
    const arm = await armsOf(name);
    const models = arm("rps", 0.1);
    const [some, more] = [arm("gradient", 0.01), arm("gradient", 0.1)];
    assert.ok(some.apart > 2 * models.apart, `at 1 % ${some.apart} apart, models at 10 % ${models.apart}`);
    assert.ok(more.apart > 2 * some.apart, `at 10 % ${more.apart} apart, at 1 % ${some.apart}`);
  });
}

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
