/** From a task's words to its model. */
import type { ModelSpec, Task } from "../../core/task.ts";
import type { Classifier } from "./classifier.ts";
import { createCnn } from "./cnn.ts";
import { layoutOf } from "./layout.ts";
import { createLstm } from "./lstm.ts";
import type { Tagger } from "./lstm.ts";
import { createMlp } from "./mlp.ts";
import type { ParameterSpec } from "./model.ts";
import { createResnet } from "./resnet.ts";
import { createTransformer } from "./transformer.ts";
import type { LanguageModel } from "./transformer.ts";

export type Model =
  | ({ readonly kind: "classifier" } & Classifier)
  | ({ readonly kind: "tagger" } & Tagger)
  | ({ readonly kind: "language" } & LanguageModel);

/** @throws Error with one sentence when the model cannot learn from the task's data */
export function createModel(task: Pick<Task, "model" | "data">): Model {
  const { model } = task;
  const parameters = layoutOf(task);
  if (model.kind === "lstm") return { kind: "tagger", ...createLstm(model, parameters) };
  if (model.kind === "transformer") return { kind: "language", ...createTransformer(model, parameters) };
  return { kind: "classifier", ...classifierOf(model, parameters) };
}

function classifierOf(
  model: Exclude<ModelSpec, { readonly kind: "lstm" | "transformer" }>,
  parameters: readonly ParameterSpec[],
): Classifier {
  if (model.kind === "mlp") return createMlp(model.hidden, parameters);
  if (model.kind === "cnn") return createCnn(model.channels, parameters);
  return createResnet(model.depth, parameters);
}

/** @throws Error with one sentence when the task's model is none */
export function createClassifier(task: Pick<Task, "model" | "data">): Classifier {
  const model = createModel(task);
  if (model.kind !== "classifier") throw new Error(`a ${task.model.kind} tells no classes of images apart`);
  return model;
}
