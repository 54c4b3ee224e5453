/** Softmax cross-entropy. The gradient comes with the loss: it needs the same exponentials. */
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { at, runHidden } from "./operation.ts";
import type { Operation } from "./operation.ts";

/**
 * The mean over what is counted, in nats; 0 where nothing is, NaN where a label is beyond the classes.
 * @param logits [n, classes]
 * @param labels int32 [n], −1 for what is not counted
 */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D): Scalar {
  return runHidden(crossEntropyOperation, { logits, labels }, {});
}

/** To the loss, and its gradient. */
export const crossEntropyOperation: Operation<"logits" | "labels", object> = {
  name: "ShoalCrossEntropy",
  compose({ logits, labels }) {
    const classes = logits.shape[1] ?? 0;
    const counted = tf.cast(tf.greaterEqual(labels, tf.scalar(0, "int32")), "float32");
    const count = tf.maximum(tf.sum(counted), 1);
    const known = tf.cast(tf.maximum(labels, tf.scalar(0, "int32")), "int32");
    const weight = tf.reshape(tf.div(counted, count), [-1, 1]);
    const target = tf.mul(tf.cast(tf.oneHot(known, classes), "float32"), weight);
    const logProbabilities = tf.logSoftmax(logits);
    const loss = tf.neg(tf.sum(tf.mul(logProbabilities, target)));
    const isBeyond = tf.greaterEqual(tf.max(labels), tf.scalar(classes, "int32"));
    return [tf.where(isBeyond, NaN, loss), tf.sub(tf.mul(tf.exp(logProbabilities), weight), target)];
  },
  gradient: {
    saveInputs: [],
    saveOutputs: [false, true],
    of: (dy, saved) => ({
      logits: () => tf.mul(at(saved, 0), dy),
      labels: () => {
        throw new Error("labels have no gradient");
      },
    }),
  },
};
