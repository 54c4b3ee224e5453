/**
 * The gradient of a max pool, on the wasm heap: a window's whole gradient goes to its first largest value,
 * as in tfjs's cpu backend. (The stock wasm kernel gives it to element 0 of the batch where all values of
 * a window are negative.)
 */
import * as tf from "@tensorflow/tfjs-core";
import { shape4, wasmBackend } from "./wasm-heap.ts";
import type { Inputs } from "./wasm-heap.ts";

type PoolInfo = tf.backend_util.Conv2DInfo;

export function maxPoolGradient(
  { dy, input }: Inputs<"dy" | "input">,
  { filterSize, strides, pad, dimRoundingMode }: tf.MaxPoolGradAttrs,
): tf.TensorInfo {
  const info = tf.backend_util.computePool2DInfo(
    shape4(input.shape),
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const backend = wasmBackend();
  const result = backend.makeOutput(input.shape, "float32");
  // Views of the heap only now: makeOutput may have grown it, and that detaches older views.
  const values = backend.typedArrayFromHeap(input);
  const from = backend.typedArrayFromHeap(dy);
  const to = backend.typedArrayFromHeap(result);
  to.fill(0);
  const rows = info.batchSize * info.outHeight;
  let out = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < info.outWidth; column++) {
      for (let channel = 0; channel < info.inChannels; channel++) {
        const largest = largestInWindow(values, info, row, column, channel);
        to[largest] = (to[largest] ?? 0) + (from[out++] ?? 0);
      }
    }
  }
  return result;
}

/** Index of the largest input of one window; `row` counts output rows through all images. */
function largestInWindow(
  values: ArrayLike<number>,
  info: PoolInfo,
  row: number,
  column: number,
  channel: number,
): number {
  const { inHeight, inWidth, inChannels, outHeight } = info;
  const image = Math.floor(row / outHeight);
  const y0 = (row % outHeight) * info.strideHeight - info.padInfo.top;
  const x0 = column * info.strideWidth - info.padInfo.left;
  const yEnd = Math.min(y0 + info.filterHeight, inHeight);
  const xEnd = Math.min(x0 + info.filterWidth, inWidth);
  let largest = 0;
  let best = -Infinity;
  for (let y = Math.max(0, y0); y < yEnd; y++) {
    for (let x = Math.max(0, x0); x < xEnd; x++) {
      const index = ((image * inHeight + y) * inWidth + x) * inChannels + channel;
      const value = values[index] ?? 0;
      if (value > best) {
        best = value;
        largest = index;
      }
    }
  }
  return largest;
}
