/** The models that benches measure, at the sizes of the literature, on made-up data of the right shapes. */
import { parseTask } from "../shared/core/task.ts";
import type { Task } from "../shared/core/task.ts";
import { describeData } from "../shared/training/data/describe.ts";
import { layoutOf } from "../shared/training/models/layout.ts";

const usual = {
  optimizer: { kind: "sgd", learningRate: 0.05 },
  batch: 32,
  work: { samplesPerRound: 32 },
  seed: 1,
  rounds: 1_000,
} as const;
const files = { shards: 16, seed: 1 } as const;

const resnet = (depth: number) => ({
  ...usual,
  name: `resnet-${depth}`,
  model: { kind: "resnet", depth },
  data: { kind: "cifar10", ...files, augmentation: "none" },
});

export const benchTasks: Readonly<Record<string, Task>> = Object.fromEntries(
  [
    {
      ...usual,
      name: "mlp",
      model: { kind: "mlp", hidden: [256, 128] },
      data: { kind: "mnist", ...files },
    },
    { ...usual, name: "cnn", model: { kind: "cnn", channels: [16, 32] }, data: { kind: "mnist", ...files } },
    resnet(20),
    resnet(56),
    resnet(110),
    {
      ...usual,
      name: "lstm",
      model: { kind: "lstm", embedding: 128, hidden: 128 },
      data: { kind: "atis", ...files },
    },
    {
      ...usual,
      name: "transformer",
      model: { kind: "transformer", layers: 4, heads: 4, width: 128 },
      data: { kind: "text", ...files },
      batch: 16,
    },
  ].map((task) => [task.name, parseTask(task)]),
);

const tinyImages = {
  kind: "images",
  ...files,
  folder: "none",
  classes: ["a", "b"],
  height: 8,
  width: 8,
  channels: 3,
};

/** Small ones of every kind, which even a software adapter gets through. */
export const smallTasks: Readonly<Record<string, Task>> = Object.fromEntries(
  [
    { ...usual, name: "mlp", model: { kind: "mlp", hidden: [32] }, data: { kind: "mnist", ...files } },
    { ...usual, name: "cnn", model: { kind: "cnn", channels: [4, 8] }, data: tinyImages },
    { ...usual, name: "resnet-8", model: { kind: "resnet", depth: 8 }, data: tinyImages },
    {
      ...usual,
      name: "lstm",
      model: { kind: "lstm", embedding: 16, hidden: 16 },
      data: { kind: "atis", ...files, words: 50, tags: 10, length: 6 },
    },
    {
      ...usual,
      name: "transformer",
      model: { kind: "transformer", layers: 1, heads: 2, width: 32 },
      data: { kind: "text", ...files, context: 8 },
    },
  ].map((task) => [task.name, parseTask({ ...task, batch: 4 })]),
);

/** @throws Error for a name that is none */
export function benchTask(name: string): Task {
  const task = benchTasks[name];
  if (!task) throw new Error(`no bench task ${name}`);
  return task;
}

/**
 * Multiplications and additions of one training step: twice the multiplications of the forward pass, and
 * the gradients by inputs and by weights are as many again each. The samples themselves need no gradient.
 * Only matrix products and convolutions count, as in the textbook, however they are computed.
 */
export function flopsPerStep(task: Task): number {
  const { all, onSamples } = multiplications(task);
  return task.batch * (6 * all - 2 * onSamples);
}

/** Of the forward pass, per sample: all of them, and those with the samples' own values. */
function multiplications(task: Task): { readonly all: number; readonly onSamples: number } {
  const { model } = task;
  const data = describeData(task.data);
  const filters = layoutOf(task).filter(({ role, shape }) => role === "trained" && shape.length > 1);
  const sizes = filters.map(({ name, shape }) => ({ name, size: shape.reduce((a, b) => a * b, 1) }));
  const first = sizes[0]?.name;
  const sum = (places: (name: string) => number) =>
    sizes.reduce((total, { name, size }) => total + size * places(name), 0);
  if (data.kind === "images") {
    const pixels = data.shape.height * data.shape.width;
    const placesOf = (name: string) => (name.startsWith("dense") ? 1 : pixels / 4 ** halvingsBefore(name));
    return { all: sum(placesOf), onSamples: sum((name) => (name === first ? placesOf(name) : 0)) };
  }
  // Words and characters become rows of a table that is trained, too.
  if (data.kind === "tagged") {
    const placesOf = (name: string) =>
      name.startsWith("intents") ? 1 : name === "embedding" ? 0 : data.length;
    return { all: sum(placesOf), onSamples: 0 };
  }
  if (data.kind === "text" && model.kind === "transformer") {
    const attention = 2 * model.layers * model.width * data.context ** 2;
    const products = sum((name) => (/^(characters|places)$/.test(name) ? 0 : data.context));
    return { all: attention + products, onSamples: 0 };
  }
  return { all: sum(() => 1), onSamples: sum((name) => (name === first ? 1 : 0)) };
}

/** How often the images have been halved in both directions before this layer's result. */
function halvingsBefore(name: string): number {
  return Number(/^(?:stage|convolution)(\d+)/.exec(name)?.[1] ?? 0);
}
