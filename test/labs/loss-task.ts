/**
 * The runs that loss is measured with: `glyphs-cnn`, short enough to wait for. `asBuiltIn` learns as the
 * built-in task does (momentum, cosine decay), in fewer, larger rounds. `plain` is the paper's setting, SGD
 * with a constant rate: what a rule does wrong is neither smoothed nor decayed away before the end.
 */
import { parseTask } from "../../shared/core/task.ts";
import type { AveragingName, Task } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";

const recipes = {
  asBuiltIn: {
    rounds: 72,
    samplesPerRound: 128,
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9, decay: "cosine" },
  },
  plain: {
    rounds: 120,
    samplesPerRound: 64,
    optimizer: { kind: "sgd", learningRate: 0.3 },
  },
} as const;
export type LossRecipe = keyof typeof recipes;

export function lossTask(options: {
  readonly recipe: LossRecipe;
  readonly averaging: AveragingName;
  readonly peers: number;
  readonly rounds?: number;
}): Task {
  const { rounds, samplesPerRound, optimizer } = recipes[options.recipe];
  const base = builtInTasks["glyphs-cnn"];
  if (!base) throw new Error("glyphs-cnn is a built-in task");
  return parseTask({
    ...base,
    averaging: options.averaging,
    rounds: options.rounds ?? rounds,
    minPeers: options.peers,
    work: { samplesPerRound },
    // Enough that half a point is not chance.
    data: { ...base.data, validationSamples: 8_000 },
    optimizer: { ...optimizer, warmupRounds: 9 },
  });
}
