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

/** Whole data sets, parted among 16 peers. The figures of one peer alone are in docs/results (bench/learn.ts). */
const shared = { shards: 16, seed: 1 } as const;

const realTasks: readonly TaskInput[] = [
  {
    name: "cifar10-resnet20",
    model: { kind: "resnet", depth: 20 },
    data: { kind: "cifar10", ...shared },
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9, warmupRounds: 100, decay: "cosine" },
    batch: 32,
    work: { samplesPerRound: 64 },
    seed: 1,
    rounds: 2_345,
  },
  {
    name: "mnist-cnn",
    model: { kind: "cnn", channels: [16, 32] },
    data: { kind: "mnist", ...shared },
    optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9, warmupRounds: 50, decay: "cosine" },
    batch: 32,
    work: { samplesPerRound: 64 },
    seed: 1,
    rounds: 2_814,
  },
  {
    name: "atis-lstm",
    model: { kind: "lstm", embedding: 128, hidden: 128 },
    data: { kind: "atis", ...shared },
    optimizer: { kind: "adam", learningRate: 0.002, warmupRounds: 25, decay: "cosine" },
    batch: 32,
    work: { samplesPerRound: 64 },
    seed: 1,
    rounds: 2_100,
  },
  {
    name: "shakespeare-transformer",
    model: { kind: "transformer", layers: 4, heads: 4, width: 128 },
    data: { kind: "text", ...shared },
    optimizer: { kind: "adam", learningRate: 0.001, warmupRounds: 50, decay: "cosine" },
    batch: 16,
    work: { samplesPerRound: 32 },
    seed: 1,
    rounds: 1_000,
  },
];

function named(tasks: readonly TaskInput[]): Readonly<Record<string, Task>> {
  return Object.fromEntries(tasks.map((task) => [task.name, parseTask(task)]));
}

export const builtInTasks: Readonly<Record<string, Task>> = named([
  { ...glyphs, name: "glyphs-mlp", model: { kind: "mlp", hidden: [64, 64] } },
  { ...glyphs, name: "glyphs-cnn", model: { kind: "cnn", channels: [16, 32] } },
  ...realTasks,
]);
