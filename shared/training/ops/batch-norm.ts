/**
 * Batch normalisation over all but the last axis (Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167)
 * with what follows it in a network: ReLU, or the sum with a shortcut and ReLU (He et al. 2016). One
 * operation for all of it keeps fewer activations for the gradient: x, and the result where ReLU needs it.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { at, resultAt, gradients, release, run } from "./operation.ts";
import type { Operation } from "./operation.ts";

export type Activation = "relu" | "linear";

export interface Normalized {
  readonly y: Tensor4D;
  /** Of the batch, [channels] each; no gradient flows through them. The variance divides by n. */
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
}

/** Added to the variance. */
export const epsilon = 1e-5;

/** With the statistics of this very batch, for training. `scale` and `offset`: [channels]. */
export function batchNorm(
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
  activation: Activation,
): Normalized {
  const operation = activation === "relu" ? batchNormReluOperation : batchNormOperation;
  return asNormalized(run(operation, { x, scale, offset }, {}));
}

/** relu(batchNorm(x) + shortcut): the end of a residual block. */
export function batchNormResidual(
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
  shortcut: Tensor4D,
): Normalized {
  return asNormalized(run(batchNormResidualOperation, { x, scale, offset, shortcut }, {}));
}

/** With statistics handed in, for evaluation; has no gradient. */
export function normalize(
  x: Tensor4D,
  scale: Tensor1D,
  offset: Tensor1D,
  mean: Tensor1D,
  variance: Tensor1D,
  activation: Activation,
): Tensor4D {
  return tf.tidy(() => {
    const y = tf.batchNorm(x, mean, variance, offset, scale, epsilon);
    return activation === "relu" ? tf.relu(y) : y;
  });
}

function asNormalized(results: readonly Tensor[]): Normalized {
  return {
    y: resultAt(results, 0),
    mean: resultAt(results, 1),
    variance: resultAt(results, 2),
  };
}

type Input = "x" | "scale" | "offset";

export const batchNormOperation: Operation<Input, object> = {
  name: "ShoalBatchNorm",
  compose: (inputs) => composed(inputs),
  gradient: {
    saveInputs: ["x", "scale"],
    saveOutputs: [false, true, true],
    of(dy, saved) {
      const [x, scale, mean, variance] = [at(saved, 0), at(saved, 1), at(saved, 2), at(saved, 3)];
      const results = run(batchNormGradient, { dy, x, scale, mean, variance }, {});
      release(dy, x);
      return gradients(["x", "scale", "offset"], results);
    },
  },
};

export const batchNormReluOperation: Operation<Input, object> = {
  name: "ShoalBatchNormRelu",
  compose: (inputs) => {
    const [y, ...statistics] = composed(inputs);
    return [tf.relu(y), ...statistics];
  },
  gradient: {
    saveInputs: ["x", "scale"],
    saveOutputs: [true, true, true],
    of(dy, saved) {
      const [x, scale, y] = [at(saved, 0), at(saved, 1), at(saved, 2)];
      const inputs = { dy, x, scale, y, mean: at(saved, 3), variance: at(saved, 4) };
      const results = run(batchNormReluGradient, inputs, {});
      release(dy, x, y);
      return gradients(["x", "scale", "offset"], results);
    },
  },
};

export const batchNormResidualOperation: Operation<Input | "shortcut", object> = {
  name: "ShoalBatchNormResidual",
  compose: ({ shortcut, ...inputs }) => {
    const [y, ...statistics] = composed(inputs);
    return [tf.relu(tf.add(y, shortcut)), ...statistics];
  },
  gradient: {
    saveInputs: ["x", "scale"],
    saveOutputs: [true, true, true],
    of(dy, saved) {
      const [x, scale, y] = [at(saved, 0), at(saved, 1), at(saved, 2)];
      const inputs = { dy, x, scale, y, mean: at(saved, 3), variance: at(saved, 4) };
      const results = run(batchNormResidualGradient, inputs, {});
      release(dy, x, y);
      return gradients(["x", "scale", "offset", "shortcut"], results);
    },
  },
};

type Given = "dy" | "x" | "scale" | "mean" | "variance";

export const batchNormGradient: Operation<Given, object> = {
  name: "ShoalBatchNormGradient",
  compose: (inputs) => composedGradient(inputs),
};

export const batchNormReluGradient: Operation<Given | "y", object> = {
  name: "ShoalBatchNormReluGradient",
  compose: ({ y, dy, ...others }) => composedGradient({ ...others, dy: tf.mul(dy, tf.step(y)) }),
};

export const batchNormResidualGradient: Operation<Given | "y", object> = {
  name: "ShoalBatchNormResidualGradient",
  compose: ({ y, dy, ...others }) => {
    const passed = tf.mul(dy, tf.step(y));
    return [...composedGradient({ ...others, dy: passed }), passed];
  },
};

function composed({ x, scale, offset }: Readonly<Record<Input, Tensor>>): [Tensor, Tensor, Tensor] {
  const { mean, variance } = tf.moments(x, allButLast(x));
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
  return [tf.add(tf.mul(tf.sub(x, mean), factor), offset), mean, variance];
}

/** The paper's formulas, gathered by x̂ = (x − mean) / √(variance + ε). */
function composedGradient(inputs: Readonly<Record<Given, Tensor>>): Tensor[] {
  const { dy, x, scale, mean, variance } = inputs;
  const perChannel = x.size / scale.size;
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const centred = tf.mul(tf.sub(x, mean), inverse);
  const offsetGradient = tf.sum(dy, allButLast(x));
  const scaleGradient = tf.sum(tf.mul(dy, centred), allButLast(x));
  const own = tf.add(tf.mul(centred, tf.div(scaleGradient, perChannel)), tf.div(offsetGradient, perChannel));
  return [tf.mul(tf.sub(dy, own), tf.mul(scale, inverse)), scaleGradient, offsetGradient];
}

const allButLast = ({ rank }: Tensor) => Array.from({ length: rank - 1 }, (_, axis) => axis);
