/** The tasks that every build knows by name. */
import { parseTask } from "../core/task.ts";
import type { Task, TaskInput } from "../core/task.ts";

const glyphs = {
  data: { kind: "glyphs", samplesPerShard: 8192, validationSamples: 2000, seed: 1 },
  optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9, warmupRounds: 20, decay: "cosine" },
  batch: 32,
  work: { samplesPerRound: 64 },
  seed: 1,
  rounds: 1500,
} as const;

function named(tasks: readonly TaskInput[]): Readonly<Record<string, Task>> {
  return Object.fromEntries(tasks.map((task) => [task.name, parseTask(task)]));
}

export const builtInTasks: Readonly<Record<string, Task>> = named([
  { ...glyphs, name: "glyphs-mlp", model: { kind: "mlp", hidden: [64, 64] } },
  { ...glyphs, name: "glyphs-cnn", model: { kind: "cnn", channels: [16, 32] } },
]);
