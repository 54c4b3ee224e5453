/** The run that loss is measured with: `glyphs-cnn` in fewer, larger rounds, so that it ends while one waits. */
import { parseTask } from "../../shared/core/task.ts";
import type { AveragingName, Task } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";

export function lossTask(options: {
  readonly averaging: AveragingName;
  readonly rounds: number;
  readonly peers: number;
}): Task {
  const base = builtInTasks["glyphs-cnn"];
  if (!base) throw new Error("glyphs-cnn is a built-in task");
  return parseTask({
    ...base,
    averaging: options.averaging,
    rounds: options.rounds,
    minPeers: options.peers,
    work: { samplesPerRound: 128 },
    // Enough that half a point is not chance.
    data: { ...base.data, validationSamples: 8_000 },
    // High enough that replicas which drift apart show it within this few rounds.
    optimizer: { ...base.optimizer, learningRate: 0.2, warmupRounds: Math.ceil(options.rounds / 8) },
  });
}
