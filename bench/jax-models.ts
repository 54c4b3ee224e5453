/**
 * Some of the bench's models in jax-js (https://jax-js.com), for comparison: the same layers and sizes, its
 * own layout (channels first) and its own derivatives. An array that is passed on
 * is gone; `ref` keeps it.
 */
import { defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { createRng } from "../shared/core/rng.ts";
import type { Task } from "../shared/core/task.ts";
import { describeData } from "../shared/training/data/describe.ts";
import { blocksPerStage, resnetStages } from "../shared/training/models/classifier-layouts.ts";

type Value = np.Array;

/** Layers that take their parameters from a list, which they make when there is none yet. */
interface Layers {
  dense(x: Value, outputs: number): Value;
  convolution(x: Value, outputs: number, stride: number): Value;
  batchNorm(x: Value): Value;
}

/** @throws Error for models that are not written here. */
export async function createJaxStepper(task: Task): Promise<{ backend: string; step(): Promise<number> }> {
  const { model, data } = task;
  const input = describeData(data);
  if (input.kind !== "images" || (model.kind !== "mlp" && model.kind !== "cnn" && model.kind !== "resnet"))
    throw new Error(`not written for jax-js: ${model.kind}`);
  await init("wasm");
  defaultDevice("wasm");
  const { shape, classes } = input;
  const rng = createRng(1);
  const filled = (sizes: number[], size: number) => {
    const length = sizes.reduce((a, b) => a * b, 1);
    return np.array(Float32Array.from({ length }, () => (2 * rng.float() - 1) * size)).reshape(sizes);
  };
  const images = filled([task.batch, shape.channels, shape.height, shape.width], 1);
  const labels = nn.oneHot(
    np.array(Int32Array.from({ length: task.batch }, () => rng.below(classes))),
    classes,
  );

  function logits(x: Value, layers: Layers): Value {
    if (model.kind === "resnet") return resnet(x, model.depth, layers, classes);
    if (model.kind === "cnn") return cnn(x, model.channels, layers, classes);
    return mlp(x, model.kind === "mlp" ? model.hidden : [], layers, classes);
  }

  function loss(parameters: Value[], x: Value, answers: Value): Value {
    const scores = logits(
      x,
      layersFrom(() => parameters.shift()),
    );
    return nn
      .logSoftmax(scores)
      .mul(answers)
      .sum()
      .mul(-1 / task.batch);
  }

  const parameters: Value[] = [];
  const making = layersFrom((sizes, size) => {
    const made = filled(sizes, size);
    parameters.push(made.ref);
    return made;
  });
  logits(images.ref, making).dispose();

  function descend(values: Value[], x: Value, answers: Value): Value[] {
    const [value, gradients] = valueAndGrad(loss)(
      values.map((it) => it.ref),
      x,
      answers,
    );
    return [value, ...values.map((it, at) => it.sub((gradients[at] ?? np.zeros([])).mul(0.05)))];
  }

  // The faster way for each: compiled as one function, a step of ResNet-20 takes 47 s, otherwise 10 s.
  const update = model.kind === "mlp" ? jit(descend) : descend;

  let current = parameters;
  return {
    backend: "jax-js wasm",
    async step() {
      const [value, ...next] = update(current, images.ref, labels.ref);
      current = next;
      // Lazy until somebody looks.
      for (const it of current) await it.ref.blockUntilReady();
      return Number((await value?.data())?.[0]);
    },
  };
}

type NextParameter = (sizes: number[], size: number) => Value | undefined;

function layersFrom(next: NextParameter): Layers {
  const take = (sizes: number[], size: number): Value => {
    const value = next(sizes, size);
    if (!value) throw new Error("there are fewer parameters than layers");
    return value;
  };
  return {
    dense(x, outputs) {
      const inputs = x.shape[1] ?? 0;
      const weights = take([inputs, outputs], Math.sqrt(6 / inputs));
      return np.matmul(x, weights).add(take([outputs], 0));
    },
    convolution(x, outputs, stride) {
      const inputs = x.shape[1] ?? 0;
      const filter = take([outputs, inputs, 3, 3], Math.sqrt(6 / (9 * inputs)));
      return lax.conv(x, filter, [stride, stride], "SAME");
    },
    batchNorm(x) {
      const channels = x.shape[1] ?? 0;
      const axes = [0, 2, 3];
      const centred = x.ref.sub(np.mean(x, axes, { keepdims: true }));
      const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
      const scale = take([1, channels, 1, 1], 1).add(1);
      return centred
        .div(np.sqrt(variance.add(1e-5)))
        .mul(scale)
        .add(take([1, channels, 1, 1], 0));
    },
  };
}

function mlp(x: Value, hidden: readonly number[], layers: Layers, classes: number): Value {
  let activity = x.reshape([x.shape[0] ?? 0, -1]);
  for (const width of hidden) activity = nn.relu(layers.dense(activity, width));
  return layers.dense(activity, classes);
}

function cnn(x: Value, channels: readonly number[], layers: Layers, classes: number): Value {
  let activity = x;
  for (const outputs of channels) {
    const active = nn.relu(layers.convolution(activity, outputs, 1));
    const [count = 0, depth = 0, height = 0, width = 0] = active.shape;
    activity = active.reshape([count, depth, height / 2, 2, width / 2, 2]).max([3, 5]);
  }
  return layers.dense(activity.reshape([activity.shape[0] ?? 0, -1]), classes);
}

function resnet(x: Value, depth: number, layers: Layers, classes: number): Value {
  const normalized = (from: Value, channels: number, stride: number) =>
    layers.batchNorm(layers.convolution(from, channels, stride));
  let activity = nn.relu(normalized(x, resnetStages[0], 1));
  for (const [stage, channels] of resnetStages.entries()) {
    for (let block = 0; block < blocksPerStage(depth); block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const shortcut = stride === 1 ? activity.ref : halved(activity.ref, channels);
      const branch = normalized(nn.relu(normalized(activity, channels, stride)), channels, 1);
      activity = nn.relu(branch.add(shortcut));
    }
  }
  return layers.dense(np.mean(activity, [2, 3]), classes);
}

/** Every second pixel, and new channels of zeros. */
function halved(x: Value, channels: number): Value {
  const [count = 0, inputs = 0, height = 0, width = 0] = x.shape;
  const taken = x.reshape([count, inputs, height / 2, 2, width / 2, 2]).slice([], [], [], 0, [], 0);
  const extra = (channels - inputs) / 2;
  return np.pad(taken, [
    [0, 0],
    [extra, extra],
    [0, 0],
    [0, 0],
  ]);
}
