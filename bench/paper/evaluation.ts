/** How good replicas are in the end: on samples that they learned from, and on the test split. */
import { createRng } from "../../shared/core/rng.ts";
import type { DataSet } from "../../shared/training/data/data-set.ts";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { loadData } from "../../shared/training/data/load-data.ts";
import { createLearner } from "../../shared/training/learner.ts";
import { createProblem } from "../../shared/training/problems/create-problem.ts";
import { loadTester } from "../test-split.ts";
import type { TestFigures, Tester } from "../test-split.ts";
import type { RunSpec } from "./run-spec.ts";

export interface Figures {
  /** Nats, as the model is used: running statistics, nothing dropped, no augmentation. */
  readonly trainLoss: number;
  /** Of the test split; for data without one, of the validation samples. */
  readonly test: TestFigures;
}

export interface Evaluation {
  /** Of the mean of all replicas. */
  readonly mean: Figures;
  /** Of some replicas by themselves: they are what a peer has. */
  readonly replicas: readonly Figures[];
}

/** Training samples of each worker that are looked at. */
const samplesPerWorker = { whole: 128, brief: 8 } as const;
/** Samples at once: memory is no concern here. */
const atOnce = 64;
/** Replicas that are looked at. */
const looks = 2;

export async function evaluateRun(
  spec: RunSpec,
  replicas: readonly Float32Array[],
  source: DataSource | undefined,
): Promise<Evaluation> {
  const some = replicas.filter((_, index) => index % Math.ceil(replicas.length / looks) === 0);
  const all = [meanOf(replicas), ...some];
  const losses = await trainLosses(spec, all, source);
  const test = await testerOf(spec, source);
  const figures: Figures[] = [];
  for (const [index, parameters] of all.entries())
    figures.push({ trainLoss: losses[index] ?? NaN, test: await test(parameters) });
  const [mean, ...ofReplicas] = figures;
  if (!mean) throw new Error("nothing was evaluated");
  return { mean, replicas: ofReplicas };
}

/** Of each of `all`. */
async function trainLosses(
  { task, workers, evaluation }: RunSpec,
  all: readonly Float32Array[],
  source: DataSource | undefined,
): Promise<number[]> {
  const sums = all.map(() => 0);
  let count = 0;
  for (let shard = 0; shard < workers; shard++) {
    const data = onTraining(await loadData(task.data, { shard, source }));
    const learner = createLearner(createProblem(task, data), atOnce, createRng(0));
    for (const [index, parameters] of all.entries()) {
      const found = await learner.evaluate(parameters, 0, samplesPerWorker[evaluation]);
      sums[index] = (sums[index] ?? 0) + found.lossSum;
      if (index === 0) count += found.count;
    }
  }
  return sums.map((sum) => sum / count);
}

/** The training samples where an evaluation looks. */
function onTraining<Data extends DataSet>(data: Data): Data {
  return { ...data, validation: data.train };
}

async function testerOf({ task, evaluation }: RunSpec, source: DataSource | undefined): Promise<Tester> {
  if (evaluation === "brief") return async () => ({});
  const tester = source && (await loadTester(task, source));
  if (tester) return tester;
  const problem = createProblem(task, await loadData(task.data, { shard: 0, source }));
  const learner = createLearner(problem, atOnce, createRng(0));
  return async (parameters) => {
    const { lossSum, correct, count } = await learner.evaluate(parameters, 0, problem.validationCount);
    return { testSamples: count, testLoss: lossSum / count, testAccuracy: correct / count };
  };
}

function meanOf(replicas: readonly Float32Array[]): Float32Array {
  const sums = new Float64Array(replicas[0]?.length ?? 0);
  for (const replica of replicas)
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (replica[i] ?? 0);
  return Float32Array.from(sums, (sum) => sum / replicas.length);
}
