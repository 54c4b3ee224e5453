/** A trained model as a file: its parameters by name, and the task and figures as metadata. */
import { parseTask } from "../core/task.ts";
import type { Task } from "../core/task.ts";
import { layoutOf } from "./models/layout.ts";
import { sizeOf } from "./models/model.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

export interface ModelFile {
  readonly task: Task;
  /** The flat vector, in the order of the model's parameters. */
  readonly parameters: Float32Array;
  readonly round: number;
  /** On the validation images, 0 … 1. */
  readonly accuracy: number;
}

export function valueCountOf(task: Task): number {
  return layoutOf(task).reduce((sum, spec) => sum + sizeOf(spec), 0);
}

export function writeModelFile({ task, parameters, round, accuracy }: ModelFile): Uint8Array<ArrayBuffer> {
  let end = 0;
  const tensors = layoutOf(task).map((spec) => {
    const start = end;
    end += sizeOf(spec);
    return { name: spec.name, shape: spec.shape, values: parameters.subarray(start, end) };
  });
  if (end !== parameters.length)
    throw new Error(`${parameters.length} parameters came, the model has ${end}`);
  const metadata = { task: JSON.stringify(task), round: `${round}`, accuracy: `${accuracy}` };
  return writeSafetensors({ tensors, metadata });
}

/** @throws Error with one sentence when `bytes` are not a model of Shoal's. */
export function readModelFile(bytes: Uint8Array): ModelFile {
  const { tensors, metadata } = readSafetensors(bytes);
  const task = readTask(metadata["task"]);
  const layout = layoutOf(task);
  if (tensors.length !== layout.length)
    throw new Error(`the file has ${tensors.length} tensors, the model of its task ${layout.length}`);
  const parameters = new Float32Array(valueCountOf(task));
  let start = 0;
  for (const { name, shape } of layout) {
    const tensor = tensors.find((each) => each.name === name);
    if (!tensor || tensor.shape.join() !== shape.join())
      throw new Error(`the file has no tensor "${name}" of shape ${shape.join(" × ")}`);
    parameters.set(tensor.values, start);
    start += tensor.values.length;
  }
  return { task, parameters, round: Number(metadata["round"]), accuracy: Number(metadata["accuracy"]) };
}

function readTask(text: string | undefined): Task {
  if (text === undefined) throw new Error("the file does not say of which task its model is");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error("the task in the file is not JSON");
  }
  return parseTask(json);
}
