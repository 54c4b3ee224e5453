/**
 * What a trained model thinks of images: task and parameters → a probability for each class. The tfjs
 * backend is the caller's, already started.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Task } from "../core/task.ts";
import { describeData } from "./data/describe.ts";
import { pixelsPerImage } from "./data/data-set.ts";
import { createModel } from "./models/create-model.ts";
import { sizeOf } from "./models/model.ts";
import type { ParameterSpec } from "./models/model.ts";

export interface Predictor {
  /**
   * One row of class probabilities for each image.
   * @param pixels bytes, 0 = background, image after image in the shape of the task's data
   */
  predict(pixels: Uint8Array): Promise<readonly Float32Array[]>;
  close(): void;
}

export function createPredictor(task: Task, parameters: Float32Array): Predictor {
  const { shape, classes } = describeData(task.data);
  const model = createModel(task.model, shape, classes);
  const size = pixelsPerImage(shape);
  const tensors = toTensors(parameters, model.parameters);

  return {
    async predict(pixels) {
      if (pixels.length % size !== 0)
        throw new Error(`${pixels.length} pixels came, an image of this task has ${size}`);
      const images = pixels.length / size;
      const probabilities = tf.tidy(() => {
        const values = Float32Array.from(pixels, (byte) => byte / 255);
        const input = tf.tensor4d(values, [images, shape.height, shape.width, shape.channels]);
        return tf.softmax(model.logits(input, tensors));
      });
      const flat = await probabilities.data<"float32">();
      probabilities.dispose();
      return Array.from({ length: images }, (_, row) => flat.slice(row * classes, (row + 1) * classes));
    },
    close: () => tf.dispose(tensors),
  };
}

function toTensors(flat: Float32Array, specs: readonly ParameterSpec[]): tf.Tensor[] {
  const expected = specs.reduce((sum, spec) => sum + sizeOf(spec), 0);
  if (flat.length !== expected) throw new Error(`${flat.length} parameters came, the model has ${expected}`);
  let offset = 0;
  return specs.map((spec) => {
    const start = offset;
    offset += sizeOf(spec);
    return tf.tensor(flat.slice(start, offset), [...spec.shape], "float32");
  });
}
