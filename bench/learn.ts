/**
 * One peer alone learns a task from real data, to see that it learns what it should: TASK as for
 * `shoal serve --task`. Ctrl-C ends it early and keeps what there is.
 */
import { number, oneOf, text } from "../peer-node/cli-options.ts";
import { dataFolder } from "../peer-node/data-place.ts";
import { createFolderSource } from "../peer-node/folder-source.ts";
import { duration } from "../peer-node/format.ts";
import { loadTask } from "../peer-node/task-source.ts";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { learn } from "./learning.ts";
import type { LearnFigures } from "./learning.ts";
import { linePlot } from "./line-plot.ts";
import { keep, readOptions, resultFile } from "./options.ts";

const { values, positionals } = readOptions({
  what: "does one peer alone learn a task as it should?",
  argument: "TASK",
  options: {
    epochs: number("N", "how long (default: the task's rounds)", { min: 0.001, max: 100_000 }),
    "data-dir": text("DIR", "the folder with the data sets (or SHOAL_DATA; docs/data.md)"),
    backend: oneOf(["wasm", "cpu"], "what computes (default: wasm)"),
    out: resultFile("keep the figures there, and a plot beside it"),
  },
});
const { epochs, backend = "wasm", out } = values;
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const figures = await learn(loadTask(positionals[0] ?? "glyphs-cnn"), {
  epochs,
  backend: backend === "cpu" ? { name: backend } : { name: backend, ...wasmFiles() },
  source: createFolderSource(dataFolder(values["data-dir"]) ?? "."),
  signal: stop.signal,
  say: (line) => console.log(line),
});
for (const [name, value] of Object.entries(figures.test ?? {}))
  console.log(`${name}: ${Number(value.toFixed(4))}`);
const { steps, trainSeconds, msPerStep, processorMsPerStep } = figures;
console.log(
  `${steps} steps in ${duration(trainSeconds * 1000)}: ${msPerStep.toFixed(1)} ms each, ` +
    `${processorMsPerStep.toFixed(1)} ms of the processor's time`,
);
if (out !== undefined) {
  keep(out, `${JSON.stringify(figures)}\n`);
  keep(out.replace(/\.json$/, ".svg"), plotOf(figures));
}
process.exitCode = stop.signal.aborted ? 130 : 0;

function plotOf({ task, trainLoss, validation }: LearnFigures): string {
  const words = { title: `${task.name}, one peer alone`, x: "epochs", y: "loss (nats)" };
  return linePlot(words, [
    { name: "training", colour: "#4477aa", points: trainLoss },
    {
      name: "validation",
      colour: "#ee6677",
      points: validation.map(([epoch, loss]) => [epoch, loss] as const),
    },
  ]);
}
