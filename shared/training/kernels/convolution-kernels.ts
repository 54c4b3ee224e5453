/** Convolutions and their gradients: by Winograd's filtering where it applies, else as matrix products. */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import {
  convolutionFilterGradient,
  convolutionInputGradient,
  convolutionOperation,
} from "../ops/convolution.ts";
import type { CallKernel } from "./kernel-module.ts";
import { fuse, replace } from "./register.ts";
import { isVector, makeOutput, pointerTo, shape4, sizeOf, stockKernel, withScratch } from "./wasm-heap.ts";
import type { Inputs } from "./wasm-heap.ts";

type Info = tf.backend_util.Conv2DInfo;
type Convolution = Pick<tf.Conv2DAttrs, "strides" | "pad" | "dimRoundingMode" | "dataFormat" | "dilations">;

export function installConvolutions(call: CallKernel): void {
  function forward(x: TensorInfo, filter: TensorInfo, info: Info): TensorInfo {
    const y = makeOutput(info.outShape);
    const pointers = [pointerTo(x), pointerTo(filter), pointerTo(y)] as const;
    if (isForWinograd(info)) winograd(pointers, info, info.inChannels, info.outChannels, false);
    else direct("convolve", pointers, info);
    return y;
  }

  function toInput(dy: TensorInfo, filter: TensorInfo, info: Info): TensorInfo {
    const dx = makeOutput(info.inShape);
    const pointers = [pointerTo(dy), pointerTo(filter), pointerTo(dx)] as const;
    if (isForWinograd(info)) winograd(pointers, info, info.outChannels, info.inChannels, true);
    else direct("convolveBack", pointers, info);
    return dx;
  }

  function toFilter(x: TensorInfo, dy: TensorInfo, info: Info): TensorInfo {
    const gradient = makeOutput(info.filterShape);
    const pointers = [pointerTo(x), pointerTo(dy), pointerTo(gradient)] as const;
    if (!isForWinograd(info)) direct("convolveFilter", pointers, info);
    else {
      const { batchSize, inHeight, inWidth, inChannels, outChannels } = info;
      const sizes = [inHeight, inWidth, inChannels, outChannels] as const;
      withScratch(call("winogradFilterScratch", ...sizes), (scratch) =>
        call("winogradFilter", ...pointers, batchSize, ...sizes, scratch),
      );
    }
    return gradient;
  }

  function winograd(
    pointers: readonly number[],
    { batchSize, inHeight, inWidth }: Info,
    inputs: number,
    outputs: number,
    isTurned: boolean,
  ): void {
    const sizes = [inHeight, inWidth, inputs, outputs] as const;
    withScratch(call("winogradScratch", ...sizes), (scratch) =>
      call("winograd", ...pointers, batchSize, ...sizes, Number(isTurned), scratch),
    );
  }

  function direct(
    kernel: "convolve" | "convolveBack" | "convolveFilter",
    pointers: readonly number[],
    info: Info,
  ): void {
    const { inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth, strideHeight } = info;
    const shapes = [outHeight, outWidth, outChannels, filterHeight, filterWidth, strideHeight] as const;
    withScratch(call("convolutionScratch", inChannels, ...shapes), (scratch) =>
      call(
        kernel,
        ...pointers,
        info.batchSize,
        info.inHeight,
        info.inWidth,
        inChannels,
        ...shapes,
        info.padInfo.top,
        info.padInfo.left,
        scratch,
      ),
    );
  }

  const stockForward = stockKernel(tf.Conv2D);
  const stockFused = stockKernel(tf.FusedConv2D);
  replace(tf.Conv2D, ({ x, filter }: Inputs<"x" | "filter">, attributes: tf.Conv2DAttrs) => {
    const info = infoOf(x.shape, filter.shape, attributes);
    return info ? forward(x, filter, info) : stockForward({ x, filter }, { ...attributes });
  });
  replace(tf.FusedConv2D, (inputs: FusedInputs, attributes: tf.FusedConv2DAttrs) => {
    const { x, filter, bias } = inputs;
    const { activation } = attributes;
    const info = infoOf(x.shape, filter.shape, attributes);
    const isOurs = activation === "relu" || activation === "linear";
    if (!info || !isOurs || !isVector(bias, info.outChannels))
      return stockFused({ ...inputs }, { ...attributes });
    const y = forward(x, filter, info);
    const { outChannels } = info;
    const rows = sizeOf(y.shape) / outChannels;
    const from = bias ? pointerTo(bias) : 0;
    call("addBias", pointerTo(y), from, rows, outChannels, Number(activation === "relu"));
    return y;
  });
  replace(
    tf.Conv2DBackpropInput,
    ({ dy, filter }: Inputs<"dy" | "filter">, attributes: tf.Conv2DBackpropInputAttrs) =>
      toInput(dy, filter, known(attributes.inputShape, filter.shape, attributes)),
  );
  replace(
    tf.Conv2DBackpropFilter,
    ({ x, dy }: Inputs<"x" | "dy">, attributes: tf.Conv2DBackpropFilterAttrs) =>
      toFilter(x, dy, known(x.shape, attributes.filterShape, attributes)),
  );
  fuse(convolutionOperation, ({ x, filter }, { strides }) =>
    forward(x, filter, known(x.shape, filter.shape, same(strides))),
  );
  fuse(convolutionInputGradient, ({ dy, filter }, { strides, inputShape }) =>
    toInput(dy, filter, known(inputShape, filter.shape, same(strides))),
  );
  fuse(convolutionFilterGradient, ({ x, dy }, { strides, filterShape }) =>
    toFilter(x, dy, known(x.shape, filterShape, same(strides))),
  );
}

type FusedInputs = Inputs<"x" | "filter"> & Readonly<Partial<Record<"bias", TensorInfo>>>;

type Known = Pick<Convolution, "strides" | "pad" | "dimRoundingMode"> & Partial<Convolution>;

const same = (strides: number): Known => ({ strides, pad: "same" });

/** Nothing for what our kernels don't compute. */
function infoOf(images: readonly number[], filter: readonly number[], attributes: Known): Info | undefined {
  const { strides, pad, dimRoundingMode, dilations = 1, dataFormat = "NHWC" } = attributes;
  if (dataFormat !== "NHWC") return undefined;
  const info = tf.backend_util.computeConv2DInfo(
    shape4(images),
    shape4(filter),
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
  const isOurs =
    info.dilationHeight === 1 && info.dilationWidth === 1 && info.strideHeight === info.strideWidth;
  return isOurs ? info : undefined;
}

function known(images: readonly number[], filter: readonly number[], attributes: Known): Info {
  const info = infoOf(images, filter, attributes);
  if (info) return info;
  throw new Error(`convolution (strides ${String(attributes.strides)}): wasm can train equal strides only`);
}

/** 3×3 at stride 1, "same", with vectors of channels on both sides. */
function isForWinograd(info: Info): boolean {
  const { filterHeight, filterWidth, strideHeight, padInfo, inChannels, outChannels } = info;
  const isSame = padInfo.top === 1 && padInfo.left === 1 && info.outHeight === info.inHeight;
  const isThree = filterHeight === 3 && filterWidth === 3 && strideHeight === 1;
  return isThree && isSame && info.outWidth === info.inWidth && inChannels % 8 === 0 && outChannels % 8 === 0;
}
