/**
 * What training leaves in memory: `node dist/bench/leaks.js [TASK] [--steps 1000] [--out FILE.json]`, on
 * made-up data. Fails when tensors, wasm heap or the process grow by more than 2 % after the warm-up.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { loadTask } from "../peer-node/task-source.ts";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { heapBytes } from "../shared/training/kernels/wasm-heap.ts";

const { values, positionals } = parseArgs({
  options: { steps: { type: "string", default: "1000" }, out: { type: "string" } },
  allowPositionals: true,
});
const task = loadTask(positionals[0] ?? "cifar10-resnet20");
const steps = Number(values.steps);
const samples = 10;
const warmUpShare = 0.1;
const allowed = 1.02;

interface Held {
  readonly step: number;
  readonly tensors: number;
  readonly heapMegabytes: number;
  readonly processMegabytes: number;
}

function held(step: number): Held {
  const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
  return {
    step,
    tensors: tf.memory().numTensors,
    heapMegabytes: megabytes(heapBytes()),
    processMegabytes: megabytes(process.memoryUsage.rss()),
  };
}

const trainer = await createTrainer(task, {
  shard: 0,
  backend: { name: "wasm", ...wasmFiles() },
  clock: { now: () => performance.now() },
  trialSamples: 8 * task.batch,
});
let parameters = await trainer.initialParameters();
const found: Held[] = [];
for (let step = 1; step <= steps; step++) {
  ({ parameters } = await trainer.train(parameters, { round: 0, samples: task.batch }));
  const warmUp = Math.round(warmUpShare * steps);
  const isSample = (step - warmUp) % Math.round((steps - warmUp) / samples) === 0;
  if (step < warmUp || !isSample) continue;
  const now = held(step);
  found.push(now);
  console.log(
    `step ${now.step}: ${now.tensors} tensors, heap ${now.heapMegabytes} MB, process ${now.processMegabytes} MB`,
  );
}
const [first, last] = [found[0], found.at(-1)];
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ task, found })}\n`);
for (const what of ["tensors", "heapMegabytes", "processMegabytes"] as const) {
  if (!first || !last || last[what] <= allowed * first[what]) continue;
  console.error(`${what} grew from ${first[what]} to ${last[what]} in ${last.step - first.step} steps`);
  process.exitCode = 1;
}
