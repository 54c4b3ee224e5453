/** Fully connected layers with ReLU between them. */
import * as tf from "@tensorflow/tfjs-core";
import { pixelsPerImage } from "../data/data-set.ts";
import type { ImageShape } from "../data/data-set.ts";
import { dense } from "./dense.ts";
import { mlpParameters } from "./layout.ts";
import { take } from "./model.ts";
import type { Model } from "./model.ts";

export function createMlp(hidden: readonly number[], input: ImageShape, classes: number): Model {
  const pixels = pixelsPerImage(input);
  const widths = [...hidden, classes];
  return {
    parameters: mlpParameters(hidden, input, classes),
    logits(images, values) {
      let activity = tf.reshape<tf.Rank.R2>(images, [-1, pixels]);
      for (let layer = 0; layer < widths.length; layer++) {
        const activation = layer < hidden.length ? "relu" : "linear";
        activity = dense(activity, take(values, 2 * layer), take(values, 2 * layer + 1), activation);
      }
      return activity;
    },
  };
}
