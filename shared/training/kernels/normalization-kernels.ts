/** Batch and layer normalisation, for channels that fill vectors of 4. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import {
  batchNormGradient,
  batchNormOperation,
  batchNormReluGradient,
  batchNormReluOperation,
  batchNormResidualGradient,
  batchNormResidualOperation,
  epsilon,
} from "../ops/batch-norm.ts";
import { layerNormGradient, layerNormOperation } from "../ops/layer-norm.ts";
import type { CallKernel } from "./kernel-module.ts";
import { fuse } from "./register.ts";
import { makeOutput, pointerTo, sizeOf } from "./wasm-heap.ts";
import type { Inputs } from "./wasm-heap.ts";

export function installNormalizations(call: CallKernel): void {
  function forward(
    { x, scale, offset }: Inputs<"x" | "scale" | "offset">,
    shortcut: TensorInfo | undefined,
    isRelu: boolean,
  ): TensorInfo[] | undefined {
    const [rows, channels] = rowsOf(x);
    if (channels % 4 !== 0) return undefined;
    const [y, mean, variance] = [makeOutput(x.shape), makeOutput([channels]), makeOutput([channels])];
    const inputs = [x, scale, offset].map(pointerTo);
    const results = [y, mean, variance].map(pointerTo);
    const beside = shortcut ? pointerTo(shortcut) : 0;
    call("batchNorm", ...inputs, beside, ...results, rows, channels, epsilon, Number(isRelu));
    return [y, mean, variance];
  }

  function gradient(
    { dy, x, scale, mean, variance }: Inputs<"dy" | "x" | "scale" | "mean" | "variance">,
    y: TensorInfo | undefined,
    hasShortcut: boolean,
  ): TensorInfo[] | undefined {
    const [rows, channels] = rowsOf(x);
    if (channels % 4 !== 0) return undefined;
    const results = [makeOutput(x.shape), makeOutput([channels]), makeOutput([channels])];
    if (hasShortcut) results.push(makeOutput(x.shape));
    const [dx = 0, dScale = 0, dOffset = 0, dShortcut = 0] = results.map(pointerTo);
    const inputs = [
      pointerTo(dy),
      pointerTo(x),
      y ? pointerTo(y) : 0,
      ...[scale, mean, variance].map(pointerTo),
    ];
    call("batchNormGradient", ...inputs, dx, dScale, dOffset, dShortcut, rows, channels, epsilon);
    return results;
  }

  fuse(batchNormOperation, (inputs) => forward(inputs, undefined, false));
  fuse(batchNormReluOperation, (inputs) => forward(inputs, undefined, true));
  fuse(batchNormResidualOperation, (inputs) => forward(inputs, inputs.shortcut, true));
  fuse(batchNormGradient, (inputs) => gradient(inputs, undefined, false));
  fuse(batchNormReluGradient, (inputs) => gradient(inputs, inputs.y, false));
  fuse(batchNormResidualGradient, (inputs) => gradient(inputs, inputs.y, true));

  fuse(layerNormOperation, ({ x, scale, offset }) => {
    const [rows, channels] = rowsOf(x);
    if (channels % 4 !== 0) return undefined;
    const results = [makeOutput(x.shape), makeOutput([rows, 1]), makeOutput([rows, 1])];
    call("layerNorm", ...[x, scale, offset, ...results].map(pointerTo), rows, channels, epsilon);
    return results;
  });
  fuse(layerNormGradient, ({ dy, x, scale, mean, inverse }) => {
    const [rows, channels] = rowsOf(x);
    if (channels % 4 !== 0) return undefined;
    const results = [makeOutput(x.shape), makeOutput([channels]), makeOutput([channels])];
    call("layerNormGradient", ...[dy, x, scale, mean, inverse, ...results].map(pointerTo), rows, channels);
    return results;
  });
}

function rowsOf({ shape }: TensorInfo): [rows: number, channels: number] {
  const channels = shape.at(-1) ?? 1;
  return [sizeOf(shape) / channels, channels];
}
