/** A fully connected layer; in both models the last one is. */
import * as tf from "@tensorflow/tfjs-core";

export function dense(
  inputs: tf.Tensor2D,
  weights: tf.Tensor,
  bias: tf.Tensor,
  activation: "relu" | "linear",
): tf.Tensor2D {
  return tf.reshape<tf.Rank.R2>(tf.fused.matMul({ a: inputs, b: weights, bias, activation }), [
    -1,
    bias.size,
  ]);
}
