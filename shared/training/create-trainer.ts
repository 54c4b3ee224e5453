/**
 * The `Trainer` that computes: a task's model and data on one tfjs backend, in whichever thread calls it.
 * Roles run it off their network thread and hand in what differs between them: where tfjs's binaries are,
 * and the clock.
 */
import type { Clock } from "../core/clock.ts";
import { mix } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { select, startBackend } from "./backend.ts";
import type { BackendChoice } from "./backend.ts";
import { createGlyphs } from "./data/glyphs.ts";
import { createLearner } from "./learner.ts";
import { createModel } from "./models/create-model.ts";
import { initialParameters, parameterCount } from "./models/model.ts";
import { createOptimizer } from "./optimizer.ts";
import { createSampler } from "./sampler.ts";
import type { LocalWork, Trainer } from "./trainer.ts";

export interface TrainerOptions {
  /** Which part of the training data is this peer's. */
  readonly shard: number;
  readonly backend: BackendChoice;
  readonly clock: Pick<Clock, "now">;
}

/** Calls to the trainer must not overlap: each waits for the one before it. */
export async function createTrainer(task: Task, options: TrainerOptions): Promise<Trainer> {
  const { shard, clock } = options;
  const backend = await startBackend(options.backend);
  const data = createGlyphs({ ...task.data, shard });
  const model = createModel(task.model, data.shape, data.classes);
  const learner = createLearner(model, data);
  const size = parameterCount(model);
  const optimizer = createOptimizer(task.optimizer, task.rounds, size);
  const sampler = createSampler(data.train.count, mix(task.seed, shard));

  async function learn(parameters: Float32Array, work: LocalWork): Promise<number> {
    const gradient = new Float32Array(size);
    let lossSum = 0;
    for (let left = work.samples; left > 0; left -= task.batch) {
      const batch = sampler.next(Math.min(task.batch, left));
      lossSum += (await learner.gradient(parameters, batch, gradient)) * batch.length;
      optimizer.step(parameters, gradient, work.round);
    }
    return lossSum / work.samples;
  }

  return {
    parameterCount: size,
    backend,
    validationSamples: data.validation.count,
    initialParameters: async () => initialParameters(model, task.seed),
    async train(incoming, work) {
      if (incoming.length !== size)
        throw new Error(`${incoming.length} parameters came, the model has ${size}`);
      await select(options.backend.name, "it was current before");
      const validation =
        work.validate && (await learner.evaluate(incoming, work.validate.from, work.validate.count));
      const parameters = incoming.slice();
      const startedMs = clock.now();
      const loss = await learn(parameters, work);
      const trainMs = clock.now() - startedMs;
      return { parameters, loss, samples: work.samples, trainMs, ...(validation ? { validation } : {}) };
    },
    close: async () => {},
  };
}
