/** ReLU, GELU, the two ends of a residual block, softmax cross-entropy, and the gradient of a max pool. */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { crossEntropyOperation } from "../ops/cross-entropy.ts";
import { geluGradient, geluOperation } from "../ops/gelu.ts";
import { reluGradient, residualOperation } from "../ops/residual.ts";
import { halvingShortcutGradient, halvingShortcutOperation, newChannels } from "../ops/shortcut.ts";
import type { ShortcutShape } from "../ops/shortcut.ts";
import type { CallKernel, KernelName } from "./kernel-module.ts";
import { fuse, replace } from "./register.ts";
import { makeOutput, pointerTo, shape4, sizeOf } from "./wasm-heap.ts";
import type { Inputs } from "./wasm-heap.ts";

export function installPointwise(call: CallKernel): void {
  function each(kernel: KernelName, ...inputs: readonly TensorInfo[]): TensorInfo {
    const { shape = [] } = inputs[0] ?? {};
    const result = makeOutput(shape);
    call(kernel, ...[...inputs, result].map(pointerTo), sizeOf(shape));
    return result;
  }

  fuse(residualOperation, ({ a, b }) => each("addRelu", a, b));
  fuse(reluGradient, ({ dy, y }) => each("reluGradient", dy, y));
  fuse(halvingShortcutOperation, ({ images }, shape) => {
    const [count = 0] = images.shape;
    const { height, width, channels } = shape;
    const y = makeOutput([count, Math.ceil(height / 2), Math.ceil(width / 2), channels]);
    call("halvingShortcut", pointerTo(images), pointerTo(y), count, ...sizesOf(shape));
    return y;
  });
  fuse(halvingShortcutGradient, ({ dy }, shape) => {
    const [count = 0] = dy.shape;
    const dx = makeOutput([count, shape.height, shape.width, shape.inputs]);
    call("halvingShortcutGradient", pointerTo(dy), pointerTo(dx), count, ...sizesOf(shape));
    return dx;
  });
  fuse(geluOperation, ({ x }) => each("gelu", x));
  fuse(geluGradient, ({ dy, x }) => each("geluGradient", dy, x));
  fuse(crossEntropyOperation, ({ logits, labels }) => {
    if (labels.dtype !== "int32") return undefined;
    const [rows = 0, classes = 0] = logits.shape;
    const [loss, gradient] = [makeOutput([]), makeOutput(logits.shape)];
    call("crossEntropy", ...[logits, labels, loss, gradient].map(pointerTo), rows, classes);
    return [loss, gradient];
  });
  replace(tf.MaxPoolGrad, ({ dy, input }: Inputs<"dy" | "input">, attributes: tf.MaxPoolGradAttrs) => {
    const { filterSize, strides, pad, dimRoundingMode } = attributes;
    const info = tf.backend_util.computePool2DInfo(
      shape4(input.shape),
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const dx = makeOutput(input.shape);
    const images = [info.batchSize, info.inHeight, info.inWidth, info.inChannels];
    const windows = [info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth];
    const { top, left } = info.padInfo;
    const pointers = [input, dy, dx].map(pointerTo);
    call("maxPoolGradient", ...pointers, ...images, info.outHeight, info.outWidth, ...windows, top, left);
    return dx;
  });
}

/** As the kernels of a shortcut take them. */
function sizesOf(shape: ShortcutShape): number[] {
  return [shape.height, shape.width, shape.inputs, ...newChannels(shape)];
}
