/** A small task that even tfjs's cpu backend computes quickly, and trainers of it in this thread. */
import { wasmFiles } from "../../peer-node/wasm-binaries.ts";
import { parseTask } from "../../shared/core/task.ts";
import type { Task, TaskInput } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";
import type { BackendChoice } from "../../shared/training/backend.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import type { Trainer } from "../../shared/training/trainer.ts";

export const wasm: BackendChoice = { name: "wasm", ...wasmFiles() };
export const cpu: BackendChoice = { name: "cpu" };
const clock = { now: () => performance.now() };

export function smallTask(changes: Partial<TaskInput> = {}): Task {
  return parseTask({
    name: "small",
    model: { kind: "cnn", channels: [4, 8] },
    data: { kind: "glyphs", samplesPerShard: 64, validationSamples: 50, seed: 5 },
    optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9 },
    batch: 16,
    work: { samplesPerRound: 32 },
    seed: 7,
    rounds: 100,
    ...changes,
  });
}

export function builtIn(name: string): Task {
  const task = builtInTasks[name];
  if (!task) throw new Error(`no built-in task ${name}`);
  return task;
}

/** Losses and final parameters of `rounds` rounds of one peer alone. */
export async function trainAlone(trainer: Trainer, rounds: number, samples: number) {
  let parameters = await trainer.initialParameters();
  const losses: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const result = await trainer.train(parameters, { round, samples });
    parameters = result.parameters;
    losses.push(result.loss);
  }
  return { parameters, losses };
}

export async function accuracyOf(trainer: Trainer, parameters: Float32Array): Promise<number> {
  const validate = { from: 0, count: trainer.validationSamples };
  const { validation } = await trainer.train(parameters, { round: 0, samples: 0, validate });
  if (!validation) throw new Error("no validation came back");
  return validation.correct / validation.count;
}

export const createTestTrainer = (task: Task, backend: BackendChoice = wasm, shard = 0) =>
  createTrainer(task, { shard, backend, clock });

/** ‖a − b‖ / ‖b‖. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    size += (b[i] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / size);
}
