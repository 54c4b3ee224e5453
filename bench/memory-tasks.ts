/** Tasks whose memory is measured: the bench's, and some of whose samples each take a lot. */
import { parseTask } from "../shared/core/task.ts";
import type { Task } from "../shared/core/task.ts";
import { benchTasks } from "./bench-tasks.ts";

const usual = {
  optimizer: { kind: "sgd", learningRate: 0.05 },
  work: { samplesPerRound: 8 },
  seed: 1,
  rounds: 10,
} as const;
const files = { shards: 1, seed: 1 } as const;

const large = [
  {
    ...usual,
    name: "transformer-of-long-texts",
    model: { kind: "transformer", layers: 1, heads: 8, width: 32 },
    data: { kind: "text", ...files, context: 512 },
    batch: 4,
  },
  {
    ...usual,
    name: "resnet-8-of-large-images",
    model: { kind: "resnet", depth: 8 },
    data: {
      kind: "images",
      ...files,
      folder: "none",
      classes: ["a", "b"],
      height: 128,
      width: 128,
      channels: 3,
    },
    batch: 4,
  },
].map(parseTask);

export const memoryTasks: Readonly<Record<string, Task>> = {
  ...benchTasks,
  ...Object.fromEntries(large.map((task) => [task.name, task])),
};
