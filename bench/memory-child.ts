/** `node memory-child.js MODEL [BATCH]`: the memory that some steps of a bench's model take, as one JSON object. */
import * as tf from "@tensorflow/tfjs-core";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { wasmBackend } from "../shared/training/kernels/wasm-heap.ts";
import { peakBytes } from "../shared/training/memory.ts";
import { benchTask } from "./bench-tasks.ts";

export interface MemoryFigures {
  readonly predictedBytes: number;
  /** It never shrinks: this is its peak. */
  readonly heapBytes: number;
  /** The most that the whole process has had. */
  readonly processBytes: number;
}

const [, , model = "", batch] = process.argv;
const base = benchTask(model);
const task = batch === undefined ? base : { ...base, batch: Number(batch) };
const trainer = await createTrainer(task, {
  shard: 0,
  backend: { name: "wasm", ...wasmFiles() },
  clock: performance,
  trialSamples: task.batch,
});
let parameters = await trainer.initialParameters();
for (let round = 0; round < 2; round++)
  ({ parameters } = await trainer.train(parameters, { round, samples: task.batch }));
const figures: MemoryFigures = {
  predictedBytes: peakBytes(task, "wasm"),
  heapBytes: wasmBackend().typedArrayFromHeap(tf.scalar(1)).buffer.byteLength,
  processBytes: process.resourceUsage().maxRSS * 1_024,
};
console.log(JSON.stringify(figures));
