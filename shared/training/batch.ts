/** From bytes of a data set to the tensors of one step. */
import * as tf from "@tensorflow/tfjs-core";
import { pixelsPerImage } from "./data/data-set.ts";
import type { ImageSet, ImageShape } from "./data/data-set.ts";

/** The images `which` as floats 0 … 1, [n, height, width, channels]. */
export function imageTensor(set: ImageSet, shape: ImageShape, which: Uint32Array): tf.Tensor4D {
  const pixels = pixelsPerImage(shape);
  const values = new Float32Array(which.length * pixels);
  for (const [row, image] of which.entries()) {
    const start = image * pixels;
    for (let i = 0; i < pixels; i++) values[row * pixels + i] = (set.pixels[start + i] ?? 0) / 255;
  }
  return tf.tensor4d(values, [which.length, shape.height, shape.width, shape.channels]);
}

/** The labels of the images `which`, one row per image with a 1 at its class. */
export function labelTensor(set: ImageSet, classes: number, which: Uint32Array): tf.Tensor2D {
  const values = new Float32Array(which.length * classes);
  for (const [row, image] of which.entries()) values[row * classes + (set.labels[image] ?? 0)] = 1;
  return tf.tensor2d(values, [which.length, classes]);
}
