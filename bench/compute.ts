/**
 * What a training step costs, for each model on each backend, beside what else there is. Prints the figures and,
 * of `shoal wasm` to the others, two ratios: of the best steps and of the medians.
 */
import { cpus } from "node:os";
import { flag } from "../peer-node/cli-options.ts";
import { benchTasks } from "./bench-tasks.ts";
import { computePlot } from "./compute-plot.ts";
import { contestantNames } from "./contestants.ts";
import { buildOpenblas } from "./openblas.ts";
import { keep, readOptions, resultFile, someOf } from "./options.ts";
import { race } from "./race.ts";
import type { Peak, Row } from "./race.ts";
import { peakFigures, ratioCells, ratiosOf } from "./ratios.ts";

const modelNames = Object.keys(benchTasks).filter((name) => name !== "resnet-56");
const { values } = readOptions({
  what: "what does a training step cost, for each model on each backend?",
  options: {
    models: someOf(modelNames, "which models"),
    backends: someOf(contestantNames, "which contestants"),
    quick: flag("fewer steps, and none of the slowest contestants"),
    out: resultFile("keep the figures there, and a plot beside it"),
  },
});
const { models = modelNames, backends = contestantNames, quick = false, out } = values;
const openblas = buildOpenblas();
const peaks: Peak[] = [];
const rows: Row[] = [];

for (const model of models)
  await race(model, {
    contestants: backends,
    openblas,
    isQuick: quick,
    onPeak: (peak) => peaks.push(peak),
    onRow(row) {
      rows.push(row);
      console.log(line(row));
    },
  });
openblas?.remove();

const peak = peakFigures(peaks);
console.log(
  peak
    ? `OpenBLAS, 2048³, one thread: ${both(peak.full, peak.medianFull)} GFLOP/s, ` +
        `restricted to SSE ${both(peak.sse, peak.medianSse)} (best / median)`
    : "OpenBLAS was not measured: it needs gcc and libopenblas-dev",
);
const ratios = models.map((model) => ratiosOf(model, rows, peak));
console.log("how many times as fast shoal wasm is (best / median):");
console.table(ratios.map(ratioCells));

if (out !== undefined) {
  const machine = { processor: cpus()[0]?.model, threads: cpus().length, node: process.version };
  const report = { machine, options: { models, backends, quick }, openblas: peak, ratios, rows };
  keep(out, `${JSON.stringify(report, null, 2)}\n`);
  keep(out.replace(/\.json$/, ".svg"), computePlot(models, rows, peak));
}

function line(row: Row): string {
  const { model, contestant, failed, stepMs = NaN, medianMs = NaN, clock } = row;
  const start = `${model.padEnd(12)} ${contestant.padEnd(13)}`;
  if (failed !== undefined) return `${start} ${failed}`;
  const memory = row.heapMegabytes ? `heap ${row.heapMegabytes.toFixed(0)} MB` : "";
  const steps = row.isWarm ? `${row.steps} steps` : "1 step, the first";
  return (
    `${start} ${both(stepMs, medianMs).padStart(17)} ms ${clock}  ` +
    `${both(row.gflops ?? NaN, row.medianGflops ?? NaN).padStart(12)} GFLOP/s  ${steps}  ` +
    `process ${row.residentMegabytes?.toFixed(0)} MB  ${memory}`
  );
}

function both(best: number, median: number): string {
  return `${best.toFixed(1)} / ${median.toFixed(1)}`;
}
