/** From the task's words to a model. */
import type { ModelSpec } from "../../core/task.ts";
import type { ImageShape } from "../data/data-set.ts";
import { createCnn } from "./cnn.ts";
import { createMlp } from "./mlp.ts";
import type { Model } from "./model.ts";

export function createModel(spec: ModelSpec, input: ImageShape, classes: number): Model {
  return spec.kind === "mlp"
    ? createMlp(spec.hidden, input, classes)
    : createCnn(spec.channels, input, classes);
}
