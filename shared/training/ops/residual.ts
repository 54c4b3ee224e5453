/** relu(a + b), of equal shapes: the end of a residual block (He et al. 2016). */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { at, gradients, release, runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";

export function residual(a: Tensor4D, b: Tensor4D): Tensor4D {
  return runOne(residualOperation, { a, b }, {});
}

export const residualOperation: Operation<"a" | "b", object> = {
  name: "ShoalResidual",
  compose: ({ a, b }) => [tf.relu(tf.add(a, b))],
  gradient: {
    saveInputs: [],
    saveOutputs: [true],
    of(dy, saved) {
      const y = at(saved, 0);
      const passed = runOne(reluGradient, { dy, y }, {});
      release(dy, y);
      // Two tensors of the same content: who uses one for the last time disposes it.
      return gradients(["a", "b"], [passed, tf.clone(passed)]);
    },
  },
};

export const reluGradient: Operation<"dy" | "y", object> = {
  name: "ShoalReluGradient",
  compose: ({ dy, y }) => [tf.mul(dy, tf.step(y))],
};
