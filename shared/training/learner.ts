/** The two computations of a problem on tfjs: one batch's gradient, and the evaluation of some samples. */
import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../core/rng.ts";
import { countOf, trainedCount } from "./models/model.ts";
import { parameterTensors, readInto } from "./parameter-tensors.ts";
import type { Problem } from "./problem.ts";
import type { Validation } from "./trainer.ts";

/** Samples of one evaluation step, if training takes so many at once: more do not make it faster. */
const evaluationBatch = 64;

export interface Learner {
  /**
   * The gradient of the batch's mean loss, into `gradient`, and that loss. Where a statistic of batch norm
   * is in the flat vector, `gradient` gets what this batch had.
   */
  gradient(parameters: Float32Array, batch: Uint32Array, gradient: Float32Array): Promise<number>;
  /** Loss and hits on validation samples `from` … `from + count − 1`, as far as there are any. */
  evaluate(parameters: Float32Array, from: number, count: number): Promise<Validation>;
}

/**
 * @param batch samples of a training step; no evaluation takes more, so that it fits where training does
 * @param rng for augmentation and dropout
 */
export function createLearner(problem: Problem, batch: number, rng: Rng): Learner {
  const { parameters: specs, validationCount } = problem;
  const atOnce = Math.min(evaluationBatch, batch);
  const trainedSpecs = specs.filter(({ role }) => role === "trained");
  const trainedSize = trainedCount(specs);
  /** The loss, then all values of the flat vector. */
  const reading = new Float32Array(1 + countOf(specs));

  return {
    async gradient(parameters, which, gradient) {
      const observed: tf.Tensor[] = [];
      const observe = (...statistics: tf.Tensor[]) => void observed.push(...statistics.map(tf.keep));
      try {
        const { value, grads } = tf.tidy(() => {
          const trained = parameterTensors(parameters.subarray(0, trainedSize), trainedSpecs);
          return tf.valueAndGrads((...tensors: tf.Tensor[]) =>
            problem.loss(which, tensors, { rng, observe }),
          )(trained);
        });
        await readInto(reading, [value, ...grads, ...observed]);
      } catch (error) {
        forgetTape();
        throw error;
      } finally {
        tf.dispose(observed);
      }
      gradient.set(reading.subarray(1));
      return reading[0] ?? NaN;
    },

    async evaluate(parameters, from, count) {
      const tensors = parameterTensors(parameters, specs);
      const end = Math.min(from + count, validationCount);
      let sums: Validation = { lossSum: 0, correct: 0, count: 0 };
      try {
        for (let start = from; start < end; start += atOnce) {
          const which = range(start, Math.min(start + atOnce, end));
          sums = sumOf(sums, await problem.evaluate(which, tensors));
        }
      } finally {
        tf.dispose(tensors);
      }
      return sums;
    },
  };
}

/** What tfjs keeps for the gradients of a pass: all activations. It forgets them itself only if nothing fails. */
function forgetTape(): void {
  const { state } = tf.engine();
  const tape: typeof state.activeTape | null = state.activeTape;
  for (const { saved = [] } of tape ?? []) tf.dispose(saved);
}

function sumOf(a: Validation, b: Validation): Validation {
  return {
    lossSum: a.lossSum + b.lossSum,
    correct: a.correct + b.correct,
    count: a.count + b.count,
  };
}

function range(from: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - from }, (_, index) => from + index);
}
