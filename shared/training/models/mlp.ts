/**
 * Fully connected layers with ReLU between them (Glorot, Bordes & Bengio 2011,
 * https://proceedings.mlr.press/v15/glorot11a), starting as He et al. 2015 say (https://arxiv.org/abs/1502.01852).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Classifier } from "./classifier.ts";
import { dense } from "./dense.ts";
import type { ParameterSpec } from "./model.ts";
import { readParameters } from "./parameter-reader.ts";

export function createMlp(hidden: readonly number[], parameters: readonly ParameterSpec[]): Classifier {
  return {
    parameters,
    logits(inputs, values) {
      const read = readParameters(values);
      let activity = tf.reshape<tf.Rank.R2>(inputs, [inputs.shape[0], -1]);
      for (let layer = 0; layer < hidden.length; layer++) activity = dense(activity, read, "relu");
      return dense(activity, read);
    },
  };
}
