/**
 * The parameters of a task's model, in the order of the flat vector: names and shapes without the
 * computation, so that who only keeps models (the server) loads no tfjs.
 */
import type { ModelSpec, Task } from "../../core/task.ts";
import { describeData } from "../data/describe.ts";
import { pixelsPerImage } from "../data/data-set.ts";
import type { ImageShape } from "../data/data-set.ts";
import type { ParameterSpec } from "./model.ts";

/** Side of every convolution's filter. */
export const kernelSize = 3;

export function layoutOf(task: Pick<Task, "model" | "data">): readonly ParameterSpec[] {
  const { shape, classes } = describeData(task.data);
  return parametersOf(task.model, shape, classes);
}

function parametersOf(spec: ModelSpec, input: ImageShape, classes: number): ParameterSpec[] {
  return spec.kind === "mlp"
    ? mlpParameters(spec.hidden, input, classes)
    : cnnParameters(spec.channels, input, classes);
}

export function mlpParameters(
  hidden: readonly number[],
  input: ImageShape,
  classes: number,
): ParameterSpec[] {
  const widths = [...hidden, classes];
  return widths.flatMap((outputs, layer) =>
    denseParameters(`dense${layer}`, widths[layer - 1] ?? pixelsPerImage(input), outputs),
  );
}

export function cnnParameters(
  channels: readonly number[],
  input: ImageShape,
  classes: number,
): ParameterSpec[] {
  const inputsOf = (layer: number) => channels[layer - 1] ?? input.channels;
  return [
    ...channels.flatMap((outputs, layer) => convolutionParameters(layer, inputsOf(layer), outputs)),
    ...denseParameters("dense", cnnFeatures(channels, input), classes),
  ];
}

/** What the convolutions leave for the last layer: every pool halves both sides, rounding down. */
export function cnnFeatures(channels: readonly number[], input: ImageShape): number {
  const height = Math.floor(input.height / 2 ** channels.length);
  const width = Math.floor(input.width / 2 ** channels.length);
  return height * width * (channels.at(-1) ?? input.channels);
}

function convolutionParameters(layer: number, inputs: number, outputs: number): ParameterSpec[] {
  const shape = [kernelSize, kernelSize, inputs, outputs];
  return [
    { name: `convolution${layer}.weights`, shape, fanIn: kernelSize * kernelSize * inputs },
    { name: `convolution${layer}.bias`, shape: [outputs], fanIn: 0 },
  ];
}

function denseParameters(name: string, inputs: number, outputs: number): ParameterSpec[] {
  return [
    { name: `${name}.weights`, shape: [inputs, outputs], fanIn: inputs },
    { name: `${name}.bias`, shape: [outputs], fanIn: 0 },
  ];
}
