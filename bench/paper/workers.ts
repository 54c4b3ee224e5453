/**
 * All workers of a simulated training, computed one after the other on this thread's backend: each has its
 * shard, its batches and its optimizer, as a peer's trainer has (shared/training/create-trainer.ts). What a
 * worker does in a round is a function of seed, worker and round, so that a run can go on from a checkpoint.
 */
import { createRng, mix } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import type { Task } from "../../shared/core/task.ts";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { loadData } from "../../shared/training/data/load-data.ts";
import { createLearner } from "../../shared/training/learner.ts";
import { createLocalSteps } from "../../shared/training/local-steps.ts";
import { countOf, initialParameters, trainedCount } from "../../shared/training/models/model.ts";
import { createOptimizer } from "../../shared/training/optimizer.ts";
import type { Optimizer } from "../../shared/training/optimizer.ts";
import { createProblem } from "../../shared/training/problems/create-problem.ts";
import { createSampler } from "../../shared/training/sampler.ts";

export interface Worker {
  readonly optimizer: Optimizer;
  /** Moves `parameters` by the local steps of a round; the mean training loss before each step. */
  step(parameters: Float32Array, round: number): Promise<number>;
}

export interface Workers {
  readonly initial: Float32Array;
  /** Training samples of all workers together. */
  readonly sampleCount: number;
  readonly all: readonly Worker[];
}

/** Batches, and what else is random in learning. */
const streams = { batches: 0, learning: 1 } as const;

/** @param fromRound the first round that will come: the rounds before it are skipped */
export async function createWorkers(
  task: Task,
  count: number,
  source: DataSource | undefined,
  fromRound: number,
): Promise<Workers> {
  if (!("samplesPerRound" in task.work)) throw new Error("work.secondsPerRound: a simulation has no seconds");
  const perRound = task.work.samplesPerRound;
  const all: Worker[] = [];
  let initial: Float32Array = new Float32Array();
  let sampleCount = 0;
  for (let index = 0; index < count; index++) {
    const problem = createProblem(task, await loadData(task.data, { shard: index, source }));
    const seed = mix(task.seed, index);
    const sampler = createSampler(problem.trainCount, mix(seed, streams.batches));
    sampler.next(fromRound * perRound);
    const rng = createReseedable();
    const size = countOf(problem.parameters);
    const trained = trainedCount(problem.parameters);
    const learner = createLearner(problem, task.batch, rng);
    const optimizer = createOptimizer(task.optimizer, task.rounds, trained);
    const steps = createLocalSteps({ learner, optimizer, sampler, batch: task.batch, size, trained });
    all.push({
      optimizer,
      step(parameters, round) {
        rng.reseed(mix(seed, streams.learning, round));
        return steps(parameters, perRound, round);
      },
    });
    sampleCount += problem.trainCount;
    if (index === 0) initial = initialParameters(problem.parameters, task.seed);
  }
  return { initial, sampleCount, all };
}

function createReseedable(): Rng & { reseed(seed: number): void } {
  let current = createRng(0);
  return {
    u32: () => current.u32(),
    float: () => current.float(),
    below: (n) => current.below(n),
    normal: () => current.normal(),
    reseed: (seed) => void (current = createRng(seed)),
  };
}
