/** 3×3 convolutions, each followed by ReLU and a 2×2 max pool, then one fully connected layer. */
import * as tf from "@tensorflow/tfjs-core";
import type { ImageShape } from "../data/data-set.ts";
import { dense } from "./dense.ts";
import { cnnFeatures, cnnParameters, kernelSize } from "./layout.ts";
import { take } from "./model.ts";
import type { Model } from "./model.ts";

export function createCnn(channels: readonly number[], input: ImageShape, classes: number): Model {
  const features = cnnFeatures(channels, input);
  return {
    parameters: cnnParameters(channels, input, classes),
    logits(images, values) {
      let activity = images;
      for (let layer = 0; layer < channels.length; layer++) {
        activity = convolution(activity, take(values, 2 * layer), take(values, 2 * layer + 1));
      }
      const [weights, bias] = [take(values, 2 * channels.length), take(values, 2 * channels.length + 1)];
      return dense(tf.reshape(activity, [-1, features]), weights, bias, "linear");
    },
  };
}

function convolution(images: tf.Tensor4D, filter: tf.Tensor, bias: tf.Tensor): tf.Tensor4D {
  const active = tf.fused.conv2d({
    x: images,
    filter: tf.reshape<tf.Rank.R4>(filter, [kernelSize, kernelSize, images.shape[3], bias.size]),
    bias,
    strides: 1,
    pad: "same",
    activation: "relu",
  });
  return tf.maxPool(active, 2, 2, "valid");
}
