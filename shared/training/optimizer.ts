/**
 * SGD with momentum, and Adam, on the flat vector: what is trained comes first in it and is moved, the rest
 * is left alone. The learning rate is a function of the round alone, so that peers agree on it without
 * talking; momentum and moments are each peer's own.
 */
import type { Task } from "../core/task.ts";

type OptimizerSpec = Task["optimizer"];
type Adam = Extract<OptimizerSpec, { readonly kind: "adam" }>;

export interface Optimizer {
  /** Moves the trained ones of `parameters` along `gradient`, in place. */
  step(parameters: Float32Array, gradient: Float32Array, round: number): void;
  /** All that it remembers from step to step: what a checkpoint keeps, and writes back in place. */
  readonly memory: readonly (Float32Array | Float64Array)[];
}

export function createOptimizer(spec: OptimizerSpec, rounds: number, trainedCount: number): Optimizer {
  const rate = (round: number) => learningRateAt(spec, rounds, round);
  if (spec.kind === "adam") return createAdam(spec, rate, trainedCount);
  return spec.momentum > 0
    ? createMomentum(spec.momentum, rate, trainedCount)
    : createPlain(rate, trainedCount);
}

type Rate = (round: number) => number;

function createPlain(rateAt: Rate, trainedCount: number): Optimizer {
  return {
    memory: [],
    step(parameters, gradient, round) {
      const rate = rateAt(round);
      for (let i = 0; i < trainedCount; i++) parameters[i] = (parameters[i] ?? 0) - rate * (gradient[i] ?? 0);
    },
  };
}

function createMomentum(momentum: number, rateAt: Rate, trainedCount: number): Optimizer {
  const velocity = new Float32Array(trainedCount);
  return {
    memory: [velocity],
    step(parameters, gradient, round) {
      const rate = rateAt(round);
      for (let i = 0; i < velocity.length; i++) {
        const speed = momentum * (velocity[i] ?? 0) + (gradient[i] ?? 0);
        velocity[i] = speed;
        parameters[i] = (parameters[i] ?? 0) - rate * speed;
      }
    },
  };
}

/** Keeps the quotient finite where nothing was ever learned; the value of the paper. */
const epsilon = 1e-8;

/** Algorithm 1 of Kingma & Ba 2015, https://arxiv.org/abs/1412.6980. */
function createAdam({ beta1, beta2 }: Adam, rateAt: Rate, trainedCount: number): Optimizer {
  const first = new Float32Array(trainedCount);
  const second = new Float32Array(trainedCount);
  /** β1 and β2 to the power of the steps so far. */
  const powers = Float64Array.of(1, 1);
  return {
    memory: [first, second, powers],
    step(parameters, gradient, round) {
      const power1 = (powers[0] ?? 1) * beta1;
      const power2 = (powers[1] ?? 1) * beta2;
      powers.set([power1, power2]);
      const rate = rateAt(round) / (1 - power1);
      const scale = 1 / (1 - power2);
      for (let i = 0; i < first.length; i++) {
        const slope = gradient[i] ?? 0;
        const mean = beta1 * (first[i] ?? 0) + (1 - beta1) * slope;
        const square = beta2 * (second[i] ?? 0) + (1 - beta2) * slope * slope;
        first[i] = mean;
        second[i] = square;
        parameters[i] = (parameters[i] ?? 0) - (rate * mean) / (Math.sqrt(square * scale) + epsilon);
      }
    },
  };
}

/** Where `steps` goes down, as shares of the rounds: epochs 80 and 120 of 160 in Yu et al. 2019. */
const stepsAt = [0.5, 0.75];

/** Linear warm-up, then constant, a cosine to 0 at the last round, or two steps to a tenth. */
export function learningRateAt(
  spec: Pick<OptimizerSpec, "learningRate" | "warmupRounds" | "decay">,
  rounds: number,
  round: number,
): number {
  const { learningRate, warmupRounds, decay } = spec;
  // Round 0 already learns: a rate of exactly 0 would be a round for nothing.
  if (round < warmupRounds) return (learningRate * (round + 1)) / (warmupRounds + 1);
  if (decay === "none") return learningRate;
  if (decay === "steps") return learningRate * 0.1 ** stepsAt.filter((at) => round >= at * rounds).length;
  const progress = Math.min(1, (round - warmupRounds) / Math.max(1, rounds - 1 - warmupRounds));
  return 0.5 * learningRate * (1 + Math.cos(Math.PI * progress));
}

/** How much of each batch's statistics goes into the running ones. */
const following = 0.1;

/** The running statistics of batch norm, behind the trained ones, follow those that a batch had. */
export function followStatistics(
  parameters: Float32Array,
  ofBatch: Float32Array,
  trainedCount: number,
): void {
  for (let i = trainedCount; i < parameters.length; i++) {
    const running = parameters[i] ?? 0;
    parameters[i] = running + following * ((ofBatch[i] ?? 0) - running);
  }
}
