/** What is trained while things break: small enough that eight peers on two cores do ten rounds a second. */
import { parseTask } from "../../shared/core/task.ts";
import type { Task } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";
import type { Size } from "./row.ts";

const cnn = builtInTasks["glyphs-cnn"];
if (cnn?.data.kind !== "glyphs") throw new Error("glyphs-cnn is a built-in task of glyphs");
const { data } = cnn;

/** To its end, for an accuracy to compare: validated on enough images that half a point is not chance. */
export function finishingTask(
  size: Size,
  options: { readonly rounds: Readonly<Record<Size, number>>; readonly minPeers: number },
): Task {
  return parseTask({
    ...cnn,
    rounds: options.rounds[size],
    minPeers: options.minPeers,
    work: { samplesPerRound: 64 },
    data: { ...data, validationSamples: size === "full" ? 8_000 : 4_000 },
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9, decay: "cosine", warmupRounds: 10 },
  });
}

/** For as long as anybody looks. */
export function endlessTask(minPeers: number, { samplesPerRound = 32 } = {}): Task {
  return parseTask({
    ...cnn,
    rounds: 1_000_000,
    minPeers,
    work: { samplesPerRound },
    data: { ...data, validationSamples: 200 },
    optimizer: { kind: "sgd", learningRate: 0.02, momentum: 0.9, warmupRounds: 10 },
  });
}
