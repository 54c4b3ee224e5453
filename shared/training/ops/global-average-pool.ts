/** The mean over all pixels: images [n, height, width, channels] to [n, channels]. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { release, runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";

interface Pixels {
  readonly height: number;
  readonly width: number;
}

export function globalAveragePool(x: Tensor4D): Tensor2D {
  const [, height, width] = x.shape;
  return runOne(forward, { x }, { height, width });
}

const forward: Operation<"x", Pixels> = {
  name: "ShoalGlobalAveragePool",
  compose: ({ x }) => [tf.mean(x, [1, 2])],
  gradient: {
    saveInputs: [],
    of: (dy, _, pixels) => ({
      x: () => {
        const result = runOne(gradient, { dy }, pixels);
        release(dy);
        return result;
      },
    }),
  },
};

const gradient: Operation<"dy", Pixels> = {
  name: "ShoalGlobalAveragePoolGradient",
  compose: ({ dy }, { height, width }) => {
    const [n = 0, channels = 0] = dy.shape;
    const share = tf.reshape(tf.div(dy, height * width), [n, 1, 1, channels]);
    return [tf.mul(share, tf.ones([n, height, width, channels]))];
  },
};
