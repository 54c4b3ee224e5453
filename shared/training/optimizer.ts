/**
 * SGD with momentum on the flat vector. The learning rate is a function of the round alone, so that peers
 * agree on it without talking; the momentum is each peer's own.
 */
import type { Task } from "../core/task.ts";

type OptimizerSpec = Task["optimizer"];

export interface Optimizer {
  /** Moves `parameters` along `gradient`, in place. */
  step(parameters: Float32Array, gradient: Float32Array, round: number): void;
}

export function createOptimizer(spec: OptimizerSpec, rounds: number, parameterCount: number): Optimizer {
  const velocity = new Float32Array(parameterCount);
  return {
    step(parameters, gradient, round) {
      const rate = learningRateAt(spec, rounds, round);
      for (let i = 0; i < velocity.length; i++) {
        const speed = spec.momentum * (velocity[i] ?? 0) + (gradient[i] ?? 0);
        velocity[i] = speed;
        parameters[i] = (parameters[i] ?? 0) - rate * speed;
      }
    },
  };
}

/** Linear warm-up, then constant or a cosine to 0 at the last round. */
export function learningRateAt(spec: OptimizerSpec, rounds: number, round: number): number {
  const { learningRate, warmupRounds, decay } = spec;
  // Round 0 already learns: a rate of exactly 0 would be a round for nothing.
  if (round < warmupRounds) return (learningRate * (round + 1)) / (warmupRounds + 1);
  if (decay === "none") return learningRate;
  const progress = Math.min(1, (round - warmupRounds) / Math.max(1, rounds - 1 - warmupRounds));
  return 0.5 * learningRate * (1 + Math.cos(Math.PI * progress));
}
