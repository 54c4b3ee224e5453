/** `node memory-child.js TASK [BATCH]`: the memory that some steps and a validation take, as one JSON object. */
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { heapBytes } from "../shared/training/kernels/wasm-heap.ts";
import { peakBytes } from "../shared/training/memory.ts";
import { memoryTasks } from "./memory-tasks.ts";

export interface MemoryFigures {
  readonly predictedBytes: number;
  /** It never shrinks: this is its peak. */
  readonly heapBytes: number;
  /** The most that the whole process has had. */
  readonly processBytes: number;
}

const [, , name = "", batch] = process.argv;
const base = memoryTasks[name];
if (!base) throw new Error(`no task "${name}"`);
const task = batch === undefined ? base : { ...base, batch: Number(batch) };
const validated = 64;
const trainer = await createTrainer(task, {
  shard: 0,
  backend: { name: "wasm", ...wasmFiles() },
  clock: performance,
  trialSamples: Math.max(task.batch, validated),
});
let parameters = await trainer.initialParameters();
for (let round = 0; round < 2; round++)
  ({ parameters } = await trainer.train(parameters, { round, samples: task.batch }));
await trainer.train(parameters, { round: 2, samples: task.batch, validate: { from: 0, count: validated } });
const figures: MemoryFigures = {
  predictedBytes: peakBytes(task, "wasm"),
  heapBytes: heapBytes(),
  processBytes: process.resourceUsage().maxRSS * 1_024,
};
console.log(JSON.stringify(figures));
