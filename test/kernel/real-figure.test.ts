/** The smallest version of a figure: real peers over real losses end where the simulation of the same training ends. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { figures } from "../../bench/paper/figures/all.ts";
import { runAll } from "../../bench/paper/pool.ts";
import { needsKernelLab } from "../needs.ts";

test("real peers learn what simulated ones do", { skip: needsKernelLab() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-paper-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { signal } = new AbortController();
  const say = (line: string) => t.diagnostic(line);
  const { rows } = (
    await figures.real.make({
      size: "test",
      signal,
      say,
      keep: ({ make }) => make(),
      train: (specs) => runAll(specs, { jobs: 1, folder, dataDir: undefined, signal, say }),
    })
  ).figures;
  assert.equal(rows.length, 1);
  for (const { simulated, real } of rows) {
    const [loss = NaN, realLoss = NaN] = [simulated.losses[0], real.losses[0]];
    const [accuracy = NaN, realAccuracy = NaN] = [simulated.accuracies[0], real.accuracies[0]];
    t.diagnostic(`simulated ${loss} (${accuracy}), real ${realLoss} (${realAccuracy})`);
    assert.ok(Math.abs(accuracy - realAccuracy) < 0.02, `${accuracy} simulated, ${realAccuracy} real`);
    assert.ok(Math.abs(loss - realLoss) < 0.3 * loss, `${loss} simulated, ${realLoss} real`);
  }
});
