/** GELU in its tanh form: 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), https://arxiv.org/abs/1606.08415. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { at, release, runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";

const cubic = 0.044715;
const slope = Math.sqrt(2 / Math.PI);

export function gelu<T extends Tensor>(x: T): T {
  return runOne(geluOperation, { x }, {});
}

const bend = (x: Tensor) => tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.square(x)), cubic)), slope));

export const geluOperation: Operation<"x", object> = {
  name: "ShoalGelu",
  compose: ({ x }) => [tf.mul(tf.mul(x, 0.5), tf.add(bend(x), 1))],
  gradient: {
    saveInputs: ["x"],
    of: (dy, saved) => ({
      x: () => {
        const x = at(saved, 0);
        const result = runOne(geluGradient, { dy, x }, {});
        release(dy, x);
        return result;
      },
    }),
  },
};

export const geluGradient: Operation<"dy" | "x", object> = {
  name: "ShoalGeluGradient",
  compose({ dy, x }) {
    const tanh = bend(x);
    const inner = tf.mul(tf.add(tf.mul(tf.square(x), 3 * cubic), 1), slope);
    const bent = tf.mul(tf.mul(x, tf.sub(1, tf.square(tanh))), inner);
    return [tf.mul(dy, tf.mul(tf.add(tf.add(tanh, 1), bent), 0.5))];
  },
};
