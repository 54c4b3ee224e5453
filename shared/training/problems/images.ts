/** Which class an image shows. */
import type { ImageData, ImageSet } from "../data/data-set.ts";
import { evaluation } from "../models/classifier.ts";
import type { Classifier } from "../models/classifier.ts";
import { crossEntropy } from "../ops/cross-entropy.ts";
import type { Problem } from "../problem.ts";
import * as tf from "@tensorflow/tfjs-core";
import { byteTable, imageTensor } from "./image-batch.ts";
import { score } from "./score.ts";

export function createImageProblem(model: Classifier, data: ImageData): Problem {
  const { shape, train, validation, augmentation } = data;
  const table = byteTable(data);

  return {
    parameters: model.parameters,
    trainCount: train.count,
    validationCount: validation.count,
    loss(which, trained, { rng, observe }) {
      const images = imageTensor(train, shape, table, which, augmentation === "none" ? undefined : rng);
      const logits = model.logits(images, trained, { kind: "training", observe });
      return crossEntropy(logits, tf.tensor1d(labelsOf(train, which), "int32"));
    },
    evaluate(which, parameters) {
      const logits = tf.tidy(() =>
        model.logits(imageTensor(validation, shape, table, which), parameters, evaluation),
      );
      return score(logits, labelsOf(validation, which));
    },
  };
}

function labelsOf(set: Pick<ImageSet, "labels">, which: Uint32Array): Int32Array {
  return Int32Array.from(which, (image) => set.labels[image] ?? 0);
}
