/** The runs that loss is measured with. */
import { parseTask } from "../../shared/core/task.ts";
import type { AveragingName, Task } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";

interface RunOptions {
  readonly averaging: AveragingName;
  readonly peers: number;
  readonly rounds?: number;
  readonly validationSamples?: number;
}

/** `glyphs-cnn` as it is built in, in fewer, larger rounds. */
export function lossTask(options: RunOptions): Task {
  return parseTask({
    ...common("glyphs-cnn", options),
    rounds: options.rounds ?? 108,
    work: { samplesPerRound: 128 },
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9, decay: "cosine", warmupRounds: 9 },
  });
}

/**
 * `glyphs-mlp` in many rounds of a few steps, each from few samples and at a high rate: what a peer learns
 * alone is mostly noise, and only averaging removes it. Replicas that are not brought together again walk
 * apart with that noise, the further the more rounds there are.
 */
export function noisyTask(options: RunOptions): Task {
  return parseTask({
    ...common("glyphs-mlp", options),
    rounds: options.rounds ?? 200,
    batch: 2,
    work: { samplesPerRound: 32 },
    optimizer: { kind: "sgd", learningRate: 0.3, momentum: 0, decay: "cosine", warmupRounds: 0 },
  });
}

function common(name: string, { averaging, peers, validationSamples = 8_000 }: RunOptions): Task {
  const base = builtInTasks[name];
  if (base?.data.kind !== "glyphs") throw new Error(`${name} is a built-in task of glyphs`);
  // Enough to validate on that half a point is not chance.
  return { ...base, averaging, minPeers: peers, data: { ...base.data, validationSamples } };
}
