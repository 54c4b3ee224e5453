/** A `Trainer` in a worker thread on the one backend that is named: nothing is chosen, and nothing replaced. */
import { openBackend } from "../../peer-node/backends/open-backend.ts";
import type { Task } from "../../shared/core/task.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import type { DataPlace } from "../../shared/training/data/data-source.ts";
import type { Trainer } from "../../shared/training/trainer.ts";

export interface TrainerThreadOptions {
  /** Which part of the training data is this peer's. */
  readonly shard: number;
  /** Where the files of data sets are. */
  readonly data?: DataPlace;
  readonly backend?: BackendName;
  /** Which of several graphics cards, from 0. */
  readonly device?: number;
  /** The worker's file; tests hand in threads that misbehave. */
  readonly file?: URL;
}

/**
 * Starts the thread and its trainer.
 * @throws Error with one sentence when the backend does not start or the thread ends.
 */
export async function startTrainerThread(task: Task, options: TrainerThreadOptions): Promise<Trainer> {
  const { shard, data, backend = "wasm", device, file } = options;
  const thread = openBackend(backend, { place: { shard, ...(data && { data }) }, device, file });
  try {
    return await thread.make(task);
  } catch (error) {
    thread.close();
    throw error;
  }
}
