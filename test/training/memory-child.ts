/** The wasm heap after some steps and a validation of the task that the first argument names, in bytes. */
import { wasmFiles } from "../../peer-node/wasm-binaries.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import { heapBytes } from "../../shared/training/kernels/wasm-heap.ts";
import { memoryTasks } from "./memory-tasks.ts";

const task = memoryTasks[process.argv[2] ?? ""];
if (!task) throw new Error("no such task");
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
console.log(heapBytes());
