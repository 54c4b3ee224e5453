/** The wasm heap after some steps and a validation of the bench's model that the first argument names, in bytes. */
import { benchTasks } from "../../bench/bench-tasks.ts";
import { wasmFiles } from "../../peer-node/wasm-binaries.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import { heapBytes } from "../../shared/training/kernels/wasm-heap.ts";

const task = benchTasks[process.argv[2] ?? ""];
if (!task) throw new Error("no such model");
const trainer = await createTrainer(task, {
  shard: 0,
  backend: { name: "wasm", ...wasmFiles() },
  clock: performance,
  trialSamples: task.batch,
});
let parameters = await trainer.initialParameters();
for (let round = 0; round < 2; round++)
  ({ parameters } = await trainer.train(parameters, { round, samples: task.batch }));
console.log(heapBytes());
