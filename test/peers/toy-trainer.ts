/** A `Trainer` in this thread on the simulator's small learner: real learning, hardly any start-up. */
import { createRng, mix } from "../../shared/core/rng.ts";
import type { Task } from "../../shared/core/task.ts";
import { createToyLearner } from "../../shared/simulation/toy-learner.ts";
import { pixelsPerImage } from "../../shared/training/data/data-set.ts";
import { createGlyphs } from "../../shared/training/data/glyphs.ts";
import type { Trainer } from "../../shared/training/trainer.ts";

const learningRate = 0.15;

export function createToyTrainer(
  task: Task,
  shard: number,
): Trainer & { accuracy(of: Float32Array): number } {
  if (task.data.kind !== "glyphs") throw new Error(`the toy learns glyphs, not ${task.data.kind}`);
  const data = createGlyphs({ ...task.data, shard });
  const learner = createToyLearner(pixelsPerImage(data.shape));
  const rng = createRng(mix(task.seed, shard));
  return {
    parameterCount: learner.parameterCount,
    backend: "toy",
    validationSamples: data.validation.count,
    initialParameters: () => Promise.resolve(learner.initial(createRng(task.seed))),
    async train(from, work) {
      await new Promise((resolve) => setImmediate(resolve)); // a trainer of its own thread takes time, too
      const startedMs = performance.now();
      const accuracy = work.validate ? learner.accuracy(from, data.validation) : 0;
      const { parameters, loss } = learner.train(from, data.train, work.samples, learningRate, rng);
      const count = work.validate?.count ?? 0;
      return {
        parameters,
        loss,
        samples: work.samples,
        trainMs: performance.now() - startedMs,
        ...(work.validate
          ? { validation: { lossSum: 0, correct: Math.round(accuracy * count), count } }
          : {}),
      };
    },
    close: () => Promise.resolve(),
    accuracy: (parameters) => learner.accuracy(parameters, data.validation),
  };
}
