/** A `Trainer` in a worker thread, so that learning never keeps the network waiting. */
import { Worker } from "node:worker_threads";
import type { Task } from "../shared/core/task.ts";
import { createRemoteTrainer } from "../shared/training/remote-trainer.ts";
import type { TrainerReply } from "../shared/training/remote-trainer.ts";
import type { Trainer } from "../shared/training/trainer.ts";
import type { TrainerWorkerData } from "./trainer-worker.ts";

export interface TrainerThreadOptions {
  /** Which part of the training data is this peer's. */
  readonly shard: number;
  readonly backend?: "wasm" | "cpu";
  /** The worker's file; tests hand in threads that misbehave. */
  readonly file?: URL;
}

/**
 * Starts the thread and its trainer.
 * @throws Error with one sentence when the backend does not start or the thread ends.
 */
export async function startTrainerThread(task: Task, options: TrainerThreadOptions): Promise<Trainer> {
  const { shard, backend = "wasm", file = new URL("./trainer-worker.js", import.meta.url) } = options;
  const workerData: TrainerWorkerData = { task, shard, backend };
  const worker = new Worker(file, { workerData });
  const remote = createRemoteTrainer({
    post: (request, transfer) => worker.postMessage(request, transfer),
    stop: async () => {
      await worker.terminate();
    },
  });
  worker.on("message", (reply: TrainerReply) => remote.receive(reply));
  worker.on("messageerror", (error) => remote.gone(`a message could not be read: ${error.message}`));
  worker.on("error", (error: Error) => remote.gone(error.message));
  worker.on("exit", (code) => remote.gone(`it ended by itself (exit code ${code})`));
  try {
    return await remote.trainer;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}
