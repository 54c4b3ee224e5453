/** Loss and hits of scores, in double precision. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { readOnce } from "../parameter-tensors.ts";
import type { Validation } from "../trainer.ts";

/** Not counted: padding. */
export const noLabel = -1;

/**
 * Reads and disposes of `logits` [n, classes].
 * @param labels the right class of each row, or `noLabel`
 */
export async function score(logits: Tensor2D, labels: ArrayLike<number>): Promise<Validation> {
  const [rows, classes] = logits.shape;
  const values = await readOnce(logits);
  let [lossSum, correct, count] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const label = labels[row] ?? noLabel;
    if (label === noLabel) continue;
    const scores = values.subarray(row * classes, (row + 1) * classes);
    const { largest, logSum } = logSumOf(scores);
    lossSum += logSum - (scores[label] ?? NaN);
    count += 1;
    // The first of several that are equally large is the answer.
    if (scores.indexOf(largest) === label) correct += 1;
  }
  return { lossSum, correct, count };
}

/** log Σ exp, without overflow. */
function logSumOf(scores: Float32Array): { largest: number; logSum: number } {
  let largest = -Infinity;
  for (const value of scores) largest = Math.max(largest, value);
  let sum = 0;
  for (const value of scores) sum += Math.exp(value - largest);
  return { largest, logSum: largest + Math.log(sum) };
}

/** Index of the largest value of each row; disposes of `logits` [n, classes]. */
export async function bestOf(logits: Tensor2D): Promise<Uint8Array> {
  const [rows, classes] = logits.shape;
  const values = await readOnce(logits);
  return Uint8Array.from({ length: rows }, (_, row) => {
    const scores = values.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(scores.reduce((a, b) => Math.max(a, b), -Infinity));
  });
}
