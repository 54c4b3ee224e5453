/** A model that tells classes apart. */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ParameterSpec } from "./model.ts";

export interface Classifier {
  readonly parameters: readonly ParameterSpec[];
  /**
   * Class scores [n, classes].
   * @param inputs images [n, height, width, channels], or rows as [n, 1, 1, columns]
   * @param parameters those of the list; in training the trained ones are enough
   */
  logits(inputs: Tensor4D, parameters: readonly Tensor[], pass: Pass): Tensor2D;
}

/** Batch norm computes with the batch's own statistics in training, with the running ones afterwards. */
export type Pass =
  | {
      readonly kind: "training";
      /** Called for every batch norm, in the order of the statistics in the list; keeps the tensors. */
      readonly observe: (mean: Tensor1D, variance: Tensor1D) => void;
    }
  | { readonly kind: "evaluation" };

export const evaluation: Pass = { kind: "evaluation" };
