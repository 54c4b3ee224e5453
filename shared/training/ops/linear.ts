/** A fully connected layer. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { Activation } from "./batch-norm.ts";
import { at, release, runOne } from "./operation.ts";
import type { Operation } from "./operation.ts";
import { reluGradient } from "./residual.ts";

/** x [n, i] · weights [i, o] + bias [o]. */
export function linear(
  x: Tensor2D,
  weights: Tensor2D,
  bias: Tensor1D,
  activation: Activation = "linear",
): Tensor2D {
  const y: Tensor2D = runOne(linearOperation, { x, weights, bias }, {});
  return activation === "relu" ? runOne(relu, { x: y }, {}) : y;
}

export const linearOperation: Operation<"x" | "weights" | "bias", object> = {
  name: "ShoalLinear",
  compose: ({ x, weights, bias }) => [tf.add(product(x, weights), bias)],
  gradient: {
    saveInputs: ["x", "weights"],
    of(dy, saved) {
      const [x, weights] = [at(saved, 0), at(saved, 1)];
      return {
        // Not computed for the batch, which has no gradient.
        x: () => product(dy, weights, false, true),
        weights: () => product(x, dy, true),
        bias: () => runOne(columnSums, { x: dy }, {}),
      };
    },
  },
};

const relu: Operation<"x", object> = {
  name: "ShoalRelu",
  compose: ({ x }) => [tf.relu(x)],
  gradient: {
    saveInputs: [],
    saveOutputs: [true],
    of: (dy, saved) => ({
      x: () => {
        const y = at(saved, 0);
        const result = runOne(reluGradient, { dy, y }, {});
        release(dy, y);
        return result;
      },
    }),
  },
};

export const columnSums: Operation<"x", object> = {
  name: "ShoalColumnSums",
  compose: ({ x }) => [tf.sum(x, 0)],
};

function product(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return tf.matMul(a, b, transposeA, transposeB);
}
