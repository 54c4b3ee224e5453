/** The wasm heap after some steps of the bench's model that the first argument names, in bytes. */
import * as tf from "@tensorflow/tfjs-core";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { benchTasks } from "../../bench/bench-tasks.ts";
import { wasmFiles } from "../../peer-node/wasm-binaries.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";

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
const backend = tf.backend();
if (!(backend instanceof BackendWasm)) throw new Error("not on wasm");
console.log(backend.typedArrayFromHeap(tf.scalar(1)).buffer.byteLength);
