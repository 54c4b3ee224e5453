/** The memory of a training step on wasm, each model in a process of its own, beside what the formula predicts. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { MemoryFigures } from "./memory-child.ts";
import { memoryTasks } from "./memory-tasks.ts";
import { keep, readOptions, resultFile, someOf } from "./options.ts";

const wide = "resnet-20 at batch 128";
const rowNames = [...Object.keys(memoryTasks), wide];

const { values } = readOptions({
  what: "how much memory does a training step take, and how much was predicted?",
  options: { models: someOf(rowNames, "which models"), out: resultFile() },
});
const { models = rowNames } = values;
const child = fileURLToPath(new URL("./memory-child.js", import.meta.url));

const rows = models.map((row) => {
  const [model, batch] = row === wide ? ["resnet-20", 128] : [row, memoryTasks[row]?.batch];
  const figures: MemoryFigures = JSON.parse(
    execFileSync(process.execPath, [child, model, String(batch)], { encoding: "utf8" }),
  );
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const { predictedBytes, heapBytes, processBytes } = figures;
  console.log(
    `${model.padEnd(12)} batch ${String(batch).padStart(3)}: predicted ${megabytes(predictedBytes)}, ` +
      `heap ${megabytes(heapBytes)}, process ${megabytes(processBytes)}`,
  );
  return { model, batch, ...figures };
});
keep(values.out, `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
