/** A task's model on data of the task. */
import type { Task } from "../../core/task.ts";
import type { DataSet } from "../data/data-set.ts";
import { createModel } from "../models/create-model.ts";
import type { Problem } from "../problem.ts";
import { createImageProblem } from "./images.ts";
import { createTableProblem } from "./table.ts";
import { createTaggedProblem } from "./tagged.ts";
import { createTextProblem } from "./text.ts";

/** @throws Error with one sentence when the model cannot learn from the data */
export function createProblem(task: Pick<Task, "model" | "data">, data: DataSet): Problem {
  const model = createModel(task);
  if (model.kind === "classifier" && data.kind === "images") return createImageProblem(model, data);
  if (model.kind === "classifier" && data.kind === "table") return createTableProblem(model, data);
  if (model.kind === "tagger" && data.kind === "tagged") return createTaggedProblem(model, data);
  if (model.kind === "language" && data.kind === "text") return createTextProblem(model, data);
  throw new Error(`data of the kind "${data.kind}" came, not those of the task`);
}
