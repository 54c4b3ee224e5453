/** What runs in the training thread that trainer-thread.ts starts. */
import { parentPort, workerData } from "node:worker_threads";
import type { Task } from "../shared/core/task.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { serveTrainer } from "../shared/training/remote-trainer.ts";
import { wasmBinaries } from "./wasm-binaries.ts";

export interface TrainerWorkerData {
  readonly task: Task;
  readonly shard: number;
  readonly backend: "wasm" | "cpu";
}

const port = parentPort;
if (!port) throw new Error("trainer-worker runs as a worker thread only");
const { task, shard, backend }: TrainerWorkerData = workerData;
const trainer = createTrainer(task, {
  shard,
  backend: backend === "wasm" ? { name: backend, binaries: wasmBinaries() } : { name: backend },
  clock: { now: () => performance.now() },
});
port.on(
  "message",
  serveTrainer(trainer, (reply, transfer) => port.postMessage(reply, transfer)),
);
