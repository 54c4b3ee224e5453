/**
 * What a trained model thinks of images: task and parameters → a probability for each class. The tfjs
 * backend is the caller's, already started.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Task } from "../core/task.ts";
import { pixelsPerImage } from "./data/data-set.ts";
import { describeData } from "./data/describe.ts";
import type { DataDescription } from "./data/describe.ts";
import { evaluation } from "./models/classifier.ts";
import { createClassifier } from "./models/create-model.ts";
import { parameterTensors, readOnce } from "./parameter-tensors.ts";
import { byteTable, imageTensor } from "./problems/image-batch.ts";

export interface Predictor {
  /**
   * One row of class probabilities for each image.
   * @param pixels bytes, 0 = background, image after image in the shape of the task's data
   */
  predict(pixels: Uint8Array): Promise<readonly Float32Array[]>;
  close(): void;
}

/** @throws Error with one sentence when the task is not about images, or the parameters are not its model's */
export function createPredictor(task: Task, parameters: Float32Array): Predictor {
  const description: DataDescription = describeData(task.data);
  if (description.kind !== "images")
    throw new Error(`the model learned from ${task.data.kind}, not from images`);
  const { shape, classes } = description;
  const model = createClassifier(task);
  const size = pixelsPerImage(shape);
  const table = byteTable(description);
  const tensors = parameterTensors(parameters, model.parameters);

  return {
    async predict(pixels) {
      if (pixels.length % size !== 0)
        throw new Error(`${pixels.length} pixels came, an image of this task has ${size}`);
      const images = pixels.length / size;
      const all = Uint32Array.from({ length: images }, (_, image) => image);
      const probabilities = tf.tidy(() =>
        tf.softmax(model.logits(imageTensor({ pixels }, shape, table, all), tensors, evaluation)),
      );
      const flat = await readOnce(probabilities);
      return Array.from({ length: images }, (_, row) => flat.slice(row * classes, (row + 1) * classes));
    },
    close: () => tf.dispose(tensors),
  };
}
