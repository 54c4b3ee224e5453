/** Loss and hits of scores, in double precision. */
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Validation } from "../trainer.ts";

/** Not counted: padding. */
export const noLabel = -1;

/**
 * Reads and disposes of `logits` [n, classes].
 * @param labels the right class of each row, or `noLabel`
 */
export async function score(logits: Tensor2D, labels: ArrayLike<number>): Promise<Validation> {
  const [rows, classes] = logits.shape;
  const values = await logits.data<"float32">();
  logits.dispose();
  let [lossSum, correct, count] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const label = labels[row] ?? noLabel;
    if (label === noLabel) continue;
    const scores = values.subarray(row * classes, (row + 1) * classes);
    const { largest, logSum } = logSumOf(scores);
    const own = scores[label] ?? NaN;
    lossSum += logSum - own;
    count += 1;
    if (own === largest) correct += 1;
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
  const values = await logits.data<"float32">();
  logits.dispose();
  return Uint8Array.from({ length: rows }, (_, row) => {
    const scores = values.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(scores.reduce((a, b) => Math.max(a, b), -Infinity));
  });
}
