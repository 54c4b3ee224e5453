/**
 * What the peer loop asks of the compute side. Implementations run off the network thread
 * (peer-node/backends/open-backend.ts, a Web Worker in a tab) around one `createTrainer` (tfjs).
 * Parameters travel as one flat Float32Array: every value of the model, in the model's own order.
 */
export interface LocalWork {
  readonly round: number;
  /** Samples to learn from; in batches of the task's size, the last one smaller. */
  readonly samples: number;
  /** Validation images to evaluate on the *incoming* parameters, before learning. */
  readonly validate?: { readonly from: number; readonly count: number };
}

export interface Validation {
  /** Sums over `count` images, so that slices add up. */
  readonly lossSum: number;
  readonly correct: number;
  readonly count: number;
}

export interface LocalResult {
  /** The parameters after the local steps (v_i in RPS). */
  readonly parameters: Float32Array;
  /** Mean training loss over the samples, before each step. NaN when samples is 0. */
  readonly loss: number;
  readonly samples: number;
  /** Wall time of the local steps alone, without the validation. */
  readonly trainMs: number;
  readonly validation?: Validation;
}

export interface Trainer {
  readonly parameterCount: number;
  /** What computes, for people: "wasm (SIMD)", "cpu", … */
  readonly backend: string;
  readonly validationSamples: number;
  /** The initial model: a function of the task's seed alone, the same for every peer. */
  initialParameters(): Promise<Float32Array>;
  /** Local steps from `parameters`; optimiser state (momentum) stays with the trainer. Does not keep the array. */
  train(parameters: Float32Array, work: LocalWork): Promise<LocalResult>;
  close(): Promise<void>;
}
