/**
 * The `Trainer` that computes: a task's model and data on one tfjs backend, in whichever thread calls it.
 * Roles run it off their network thread and hand in what differs between them: where tfjs's binaries are,
 * where the data are, and the clock.
 */
import type { Clock } from "../core/clock.ts";
import { createRng, mix } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { select, startBackend } from "./backend.ts";
import type { BackendChoice } from "./backend.ts";
import type { DataSource } from "./data/data-source.ts";
import { loadData } from "./data/load-data.ts";
import { syntheticData } from "./data/synthetic.ts";
import { createLearner } from "./learner.ts";
import { createLocalSteps } from "./local-steps.ts";
import { countOf, initialParameters, trainedCount } from "./models/model.ts";
import { createOptimizer } from "./optimizer.ts";
import { createProblem } from "./problems/create-problem.ts";
import { createSampler } from "./sampler.ts";
import type { Trainer } from "./trainer.ts";

export interface TrainerOptions {
  /** Which part of the training data is this peer's. */
  readonly shard: number;
  readonly backend: BackendChoice;
  readonly clock: Pick<Clock, "now">;
  /** Where the files of the task's data are; data that the program draws need none. */
  readonly source?: DataSource;
  /** For a self-benchmark: learn from so many made-up samples, and read no files. */
  readonly trialSamples?: number;
}

/** One trainer's random numbers for augmentation and dropout are not those of its sampler. */
const trainingStream = 1;

/** Calls to the trainer must not overlap: each waits for the one before it. */
export async function createTrainer(task: Task, options: TrainerOptions): Promise<Trainer> {
  const { shard, clock, source, trialSamples } = options;
  const backend = await startBackend(options.backend);
  const data =
    trialSamples === undefined
      ? await loadData(task.data, { shard, source })
      : syntheticData(task.data, trialSamples);
  const problem = createProblem(task, data);
  const size = countOf(problem.parameters);
  const trained = trainedCount(problem.parameters);
  const learner = createLearner(problem, task.batch, createRng(mix(task.seed, shard, trainingStream)));
  const optimizer = createOptimizer(task.optimizer, task.rounds, trained);
  const sampler = createSampler(problem.trainCount, mix(task.seed, shard));
  const learn = createLocalSteps({ learner, optimizer, sampler, batch: task.batch, size, trained });

  return {
    parameterCount: size,
    backend,
    validationSamples: problem.validationCount,
    initialParameters: async () => initialParameters(problem.parameters, task.seed),
    async train(incoming, work) {
      if (incoming.length !== size)
        throw new Error(`${incoming.length} parameters came, the model has ${size}`);
      await select(options.backend.name, "it was current before");
      const validation =
        work.validate && (await learner.evaluate(incoming, work.validate.from, work.validate.count));
      const parameters = incoming.slice();
      const startedMs = clock.now();
      const loss = await learn(parameters, work.samples, work.round);
      const trainMs = clock.now() - startedMs;
      return { parameters, loss, samples: work.samples, trainMs, ...(validation ? { validation } : {}) };
    },
    close: async () => {},
  };
}
