/**
 * The two computations of a model on tfjs: one batch's gradient, and the evaluation of some images. The
 * parameters come as a flat vector and become new tensors every time: XNNPACK keeps packed weights by
 * tensor, so writing into an existing one would go on computing with the old values.
 */
import * as tf from "@tensorflow/tfjs-core";
import { imageTensor, labelTensor } from "./batch.ts";
import type { DataSet } from "./data/data-set.ts";
import { sizeOf } from "./models/model.ts";
import type { Model } from "./models/model.ts";
import type { Validation } from "./trainer.ts";

/** Images per evaluation step; bounds the memory of the activations. */
const evaluationBatch = 256;

export interface Learner {
  /** Writes the gradient of the batch's mean loss into `gradient` and returns that loss. */
  gradient(parameters: Float32Array, batch: Uint32Array, gradient: Float32Array): Promise<number>;
  /** Loss and hits on validation images `from` … `from + count − 1`, as far as there are any. */
  evaluate(parameters: Float32Array, from: number, count: number): Promise<Validation>;
}

export function createLearner(model: Model, data: DataSet): Learner {
  const { shape, classes, train, validation } = data;

  /** Cross-entropy, the mean over the batch. */
  function meanLoss(batch: Uint32Array, parameters: readonly tf.Tensor[]): tf.Scalar {
    const scores = model.logits(imageTensor(train, shape, batch), parameters);
    const fit = tf.mul(tf.logSoftmax(scores), labelTensor(train, classes, batch));
    return tf.mul(tf.sum(fit), -1 / batch.length);
  }

  return {
    async gradient(parameters, batch, gradient) {
      const { value, grads } = tf.tidy(() =>
        tf.valueAndGrads((...tensors: tf.Tensor[]) => meanLoss(batch, tensors))(toTensors(parameters, model)),
      );
      // All in one go: a GPU makes the thread wait for every single reading.
      const [loss, ...parts] = await readOnce([value, ...grads]);
      let offset = 0;
      for (const part of parts) {
        gradient.set(part, offset);
        offset += part.length;
      }
      return loss?.[0] ?? NaN;
    },

    async evaluate(parameters, from, count) {
      const tensors = toTensors(parameters, model);
      const end = Math.min(from + count, validation.count);
      const sums = { lossSum: 0, correct: 0, count: Math.max(0, end - from) };
      for (let start = from; start < end; start += evaluationBatch) {
        const which = range(start, Math.min(start + evaluationBatch, end));
        const scores = tf.tidy(() => model.logits(imageTensor(validation, shape, which), tensors));
        const [values] = await readOnce([scores]);
        if (values) score(values, validation.labels.subarray(start), classes, sums);
      }
      tf.dispose(tensors);
      return sums;
    },
  };
}

function toTensors(flat: Float32Array, model: Model): tf.Tensor[] {
  let offset = 0;
  return model.parameters.map((spec) => {
    const start = offset;
    offset += sizeOf(spec);
    // A copy: the cpu backend keeps the array that it is given.
    return tf.tensor(flat.slice(start, offset), [...spec.shape], "float32");
  });
}

async function readOnce(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
  for (const tensor of tensors) tensor.dispose();
  return values;
}

/** Adds the rows' loss and hits. */
function score(
  scores: Float32Array,
  labels: Uint8Array,
  classes: number,
  sums: { lossSum: number; correct: number },
): void {
  for (let row = 0; row * classes < scores.length; row++) {
    const values = scores.subarray(row * classes, (row + 1) * classes);
    const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const exponentials = values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    const own = values[labels[row] ?? 0] ?? NaN;
    sums.lossSum += largest + Math.log(exponentials) - own;
    if (own === largest) sums.correct += 1;
  }
}

function range(from: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - from }, (_, index) => from + index);
}
