/**
 * A model together with the data that it learns from: what a learner differentiates and evaluates. One for
 * each kind of data, in problems/.
 */
import type { Scalar, Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import type { Rng } from "../core/rng.ts";
import type { ParameterSpec } from "./models/model.ts";
import type { Validation } from "./trainer.ts";

export interface Problem {
  readonly parameters: readonly ParameterSpec[];
  /** Samples: images, rows, sentences, windows of text. */
  readonly trainCount: number;
  readonly validationCount: number;
  /**
   * Cross-entropy in nats, the mean over what is predicted.
   * @param which training samples, by number
   * @param trained the tensors of the trained parameters
   */
  loss(which: Uint32Array, trained: readonly Tensor[], training: Training): Scalar;
  /**
   * On some validation samples, the way the model is used: with running statistics, nothing dropped.
   * @param parameters the tensors of all parameters; they stay the caller's
   */
  evaluate(which: Uint32Array, parameters: readonly Tensor[]): Promise<Validation>;
}

/** What one training step has besides its samples. */
export interface Training {
  /** For augmentation and dropout. */
  readonly rng: Rng;
  /** Takes what a batch norm saw, in the order of the model's statistics; keeps the tensors. */
  readonly observe: (mean: Tensor1D, variance: Tensor1D) => void;
}
