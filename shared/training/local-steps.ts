/** What a worker does between two averagings: steps of its optimizer on batches of its own. */
import type { Learner } from "./learner.ts";
import { followStatistics } from "./optimizer.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Sampler } from "./sampler.ts";

export interface LocalStepsParts {
  readonly learner: Learner;
  readonly optimizer: Optimizer;
  readonly sampler: Sampler;
  /** Samples of a step; the last of a round has what is left. */
  readonly batch: number;
  /** Of the parameters, all of them and those that are trained. */
  readonly size: number;
  readonly trained: number;
}

/** Moves `parameters` by the steps of one round; the mean training loss of its samples, each before its step. */
export type LocalSteps = (parameters: Float32Array, samples: number, round: number) => Promise<number>;

export function createLocalSteps(parts: LocalStepsParts): LocalSteps {
  const { learner, optimizer, sampler, batch: batchSize, size, trained } = parts;
  const gradient = new Float32Array(size);
  return async (parameters, samples, round) => {
    let lossSum = 0;
    for (let left = samples; left > 0; left -= batchSize) {
      const batch = sampler.next(Math.min(batchSize, left));
      lossSum += (await learner.gradient(parameters, batch, gradient)) * batch.length;
      optimizer.step(parameters, gradient, round);
      followStatistics(parameters, gradient, trained);
    }
    return lossSum / samples;
  };
}
