/** A task of each kind of model, so small that tfjs's cpu backend computes it quickly. */
import { parseTask } from "../../shared/core/task.ts";
import type { Task, TaskInput } from "../../shared/core/task.ts";

const common = {
  optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9 },
  batch: 4,
  work: { samplesPerRound: 4 },
  seed: 7,
  rounds: 100,
} as const;
const shared = { shards: 1, seed: 1 } as const;
type DataInput = TaskInput["data"];
const images = (augmentation: "none" | "crop-flip" = "none"): DataInput => ({
  kind: "images",
  folder: "none",
  classes: ["a", "b", "c"],
  // Odd, so that halving them leaves a rest.
  height: 5,
  width: 5,
  channels: 3,
  augmentation,
  ...shared,
});
const classes = ["a", "b"];
const table: DataInput = { kind: "csv", file: "none.csv", label: "x", columns: 5, classes, ...shared };
const tagged: DataInput = { kind: "atis", words: 20, tags: 5, intents: 3, length: 6, ...shared };
const text: DataInput = { kind: "text", characters: 11, context: 6, ...shared };

function tiny(name: string, model: TaskInput["model"], data: DataInput): Task {
  return parseTask({ ...common, name, model, data });
}

export const tinyTasks: readonly Task[] = [
  tiny("mlp-on-images", { kind: "mlp", hidden: [12, 8] }, images()),
  tiny("mlp-on-a-table", { kind: "mlp", hidden: [6] }, table),
  tiny("cnn", { kind: "cnn", channels: [4, 8] }, images()),
  tiny("resnet", { kind: "resnet", depth: 8 }, images("crop-flip")),
  tiny("lstm", { kind: "lstm", embedding: 6, hidden: 5 }, tagged),
  tiny("transformer", { kind: "transformer", layers: 2, heads: 2, width: 8 }, text),
];
