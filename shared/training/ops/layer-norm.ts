/** Layer normalisation of every row (Ba et al. 2016, https://arxiv.org/abs/1607.06450). */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { epsilon } from "./batch-norm.ts";
import { at, gradients, release, run, runHidden } from "./operation.ts";
import type { Operation } from "./operation.ts";

/** x [n, c] with `scale` and `offset` [c]. */
export function layerNorm(x: Tensor2D, scale: Tensor1D, offset: Tensor1D): Tensor2D {
  return runHidden(layerNormOperation, { x, scale, offset }, {});
}

/** To y, and [n, 1] each: the rows' means and 1 / √(variance + ε). */
export const layerNormOperation: Operation<"x" | "scale" | "offset", object> = {
  name: "ShoalLayerNorm",
  compose({ x, scale, offset }) {
    const { mean, variance } = tf.moments(x, 1, true);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    return [tf.add(tf.mul(tf.mul(tf.sub(x, mean), inverse), scale), offset), mean, inverse];
  },
  gradient: {
    saveInputs: ["x", "scale"],
    saveOutputs: [false, true, true],
    of(dy, saved) {
      const [x, scale, mean, inverse] = [at(saved, 0), at(saved, 1), at(saved, 2), at(saved, 3)];
      const results = run(layerNormGradient, { dy, x, scale, mean, inverse }, {});
      release(dy, x);
      return gradients(["x", "scale", "offset"], results);
    },
  },
};

export const layerNormGradient: Operation<"dy" | "x" | "scale" | "mean" | "inverse", object> = {
  name: "ShoalLayerNormGradient",
  compose({ dy, x, scale, mean, inverse }) {
    const centred = tf.mul(tf.sub(x, mean), inverse);
    const scaled = tf.mul(dy, scale);
    const own = tf.add(tf.mean(scaled, 1, true), tf.mul(centred, tf.mean(tf.mul(scaled, centred), 1, true)));
    return [tf.mul(tf.sub(scaled, own), inverse), tf.sum(tf.mul(dy, centred), 0), tf.sum(dy, 0)];
  },
};
