/** The run that loss is measured with: `glyphs-cnn` as it is built in, in fewer, larger rounds. */
import { parseTask } from "../../shared/core/task.ts";
import type { AveragingName, Task } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";

export function lossTask(options: {
  readonly averaging: AveragingName;
  readonly peers: number;
  readonly rounds?: number;
}): Task {
  const base = builtInTasks["glyphs-cnn"];
  if (!base) throw new Error("glyphs-cnn is a built-in task");
  return parseTask({
    ...base,
    averaging: options.averaging,
    rounds: options.rounds ?? 108,
    minPeers: options.peers,
    work: { samplesPerRound: 128 },
    // Enough that half a point is not chance.
    data: { ...base.data, validationSamples: 8_000 },
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9, decay: "cosine", warmupRounds: 9 },
  });
}
