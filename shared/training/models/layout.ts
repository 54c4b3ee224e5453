/**
 * The parameters of a task's model, in the order of the flat vector: names and shapes without the
 * computation, so that who only keeps models (the server) loads no tfjs.
 */
import { modelFault } from "../../core/model-fault.ts";
import type { ModelSpec, Task } from "../../core/task.ts";
import { pixelsPerImage } from "../data/data-set.ts";
import { describeData } from "../data/describe.ts";
import type { DataDescription } from "../data/describe.ts";
import { cnnParameters, mlpParameters, resnetParameters } from "./classifier-layouts.ts";
import type { ParameterSpec } from "./model.ts";
import { lstmParameters, transformerParameters } from "./sequence-layouts.ts";

/** @throws Error with one sentence when this model cannot learn from these data */
export function layoutOf(task: Pick<Task, "model" | "data">): readonly ParameterSpec[] {
  const fault = modelFault(task);
  if (fault !== undefined) throw new Error(`task: model.kind is "${task.model.kind}": ${fault}`);
  return parametersOf(task.model, describeData(task.data));
}

function parametersOf(model: ModelSpec, input: DataDescription): readonly ParameterSpec[] {
  if (input.kind === "tagged" && model.kind === "lstm") return lstmParameters(model, input);
  if (input.kind === "text" && model.kind === "transformer") return transformerParameters(model, input);
  if (input.kind === "table" && model.kind === "mlp")
    return mlpParameters(model.hidden, input.columns, input.classes);
  if (input.kind !== "images") throw new Error(`no ${model.kind} learns from ${input.kind}`);
  const { shape, classes } = input;
  if (model.kind === "mlp") return mlpParameters(model.hidden, pixelsPerImage(shape), classes);
  if (model.kind === "cnn") return cnnParameters(model.channels, shape, classes);
  if (model.kind === "resnet") return resnetParameters(model.depth, shape, classes);
  throw new Error(`no ${model.kind} learns from images`);
}
