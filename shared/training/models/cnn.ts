/**
 * 3×3 convolutions, each followed by ReLU and a 2×2 max pool, then one fully connected layer: LeNet's form
 * (LeCun et al. 1998, http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf) with the layers of VGG (Simonyan &
 * Zisserman 2015, https://arxiv.org/abs/1409.1556), starting as He et al. 2015 say
 * (https://arxiv.org/abs/1502.01852). 16 and 32 channels on MNIST have 20 thousand parameters.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Classifier } from "./classifier.ts";
import { dense } from "./dense.ts";
import type { ParameterSpec } from "./model.ts";
import { readParameters } from "./parameter-reader.ts";
import type { ParameterReader } from "./parameter-reader.ts";

export function createCnn(channels: readonly number[], parameters: readonly ParameterSpec[]): Classifier {
  return {
    parameters,
    logits(images, values) {
      const read = readParameters(values);
      let activity = images;
      for (let layer = 0; layer < channels.length; layer++) activity = convolutionAndPool(activity, read);
      return dense(tf.reshape<tf.Rank.R2>(activity, [images.shape[0], -1]), read);
    },
  };
}

function convolutionAndPool(x: tf.Tensor4D, read: ParameterReader): tf.Tensor4D {
  const [filter, bias] = [read.filter(), read.vector()];
  const active = tf.fused.conv2d({ x, filter, bias, strides: 1, pad: "same", activation: "relu" });
  return tf.maxPool(active, 2, 2, "valid");
}
