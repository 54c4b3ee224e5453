/** A thread that computes on one backend, as those who choose and replace it see it. */
import type { Task } from "../core/task.ts";
import type { BackendName } from "./backend-report.ts";
import type { Trainer } from "./trainer.ts";

export interface BackendThread {
  /**
   * Starts the backend if need be. A second trainer takes the place of the first.
   * @param trialSamples learn from so many made-up samples instead of the task's data, which may be a download
   */
  make(task: Task, trialSamples?: number): Promise<Trainer>;
  /** Known before anything is loaded; rejects with what is missing. */
  readonly device: Promise<Device>;
  /** Settles with the reason when it can compute no longer; stays pending as long as it can. */
  readonly lost: Promise<string>;
  /** Ends it, hanging or not; calls that wait for it reject. */
  close(): void;
}

export interface Device {
  /** What is not hardware: a GPU that is a program. */
  readonly isSoftware: boolean;
}

/** Never throws: what does not start says so in `device` or `make`. */
export type OpenThread = (name: BackendName) => BackendThread;

/** TensorFlow counts as one: there is a driver below it that may be missing, wrong or lost. */
export const isGpu = (name: BackendName): boolean => name !== "wasm" && name !== "cpu";
