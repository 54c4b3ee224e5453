/**
 * What the wasm backend of tfjs 4.22 lacks for training convolutions, composed of kernels that it has:
 * Conv2DBackpropFilter is missing, Conv2DBackpropInput and transposed BatchMatMul are slow, and
 * MaxPoolGrad is wrong where all values of a window are negative. Results of one kernel are handed to the
 * next below the engine, so every one must be disposed here. tfjs is pinned: test/training/kernels.test.ts.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { maxPoolGradient } from "./max-pool-gradient.ts";
import { shape4, stockKernel, wasmBackend } from "./wasm-heap.ts";
import type { Inputs, RunKernel } from "./wasm-heap.ts";

/** Once per thread; wasm must be the current backend. */
export function installKernels(): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, "wasm")) return;
  const stockMatMul = stockKernel(tf.BatchMatMul);
  replace(tf.Conv2DBackpropFilter, filterGradient);
  replace(tf.Conv2DBackpropInput, inputGradient);
  replace(tf.MaxPoolGrad, maxPoolGradient);
  replace(tf.BatchMatMul, (inputs: Inputs<"a" | "b">, attributes: tf.BatchMatMulAttrs) =>
    matMul(stockMatMul, inputs, attributes),
  );
}

/** Any kernel: the engine keeps no types of inputs and attributes, the name is what says which they are. */
type Compute = (inputs: never, attributes: never) => TensorInfo;

function replace(kernelName: string, compute: Compute): void {
  if (tf.getKernel(kernelName, "wasm")) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see Compute
    kernelFunc: ({ inputs, attrs }) => compute(inputs as never, attrs as never),
  });
}

/** The gradient of a filter is a convolution too: the images' batch is its depth, dy its filter. */
function filterGradient({ x, dy }: Inputs<"x" | "dy">, attributes: tf.Conv2DBackpropFilterAttrs): TensorInfo {
  const { top, bottom, left, right } = padding(x.shape, attributes.filterShape, attributes);
  const turned = transpose(x, [3, 1, 2, 0]);
  const filter = transpose(dy, [1, 2, 0, 3]);
  const gradient = convolve(turned, filter, [top, bottom], [left, right]);
  const result = transpose(gradient, [1, 2, 0, 3]);
  dispose(turned, filter, gradient);
  return result;
}

/** The gradient of the images: dy convolved with the filter turned by 180°. */
function inputGradient(
  { dy, filter }: Inputs<"dy" | "filter">,
  attributes: tf.Conv2DBackpropInputAttrs,
): TensorInfo {
  const { top, bottom, left, right } = padding(attributes.inputShape, filter.shape, attributes);
  const [height, width] = shape4(filter.shape);
  const reversed = run(tf.Reverse, { x: filter }, { dims: [0, 1] });
  const turned = transpose(reversed, [0, 1, 3, 2]);
  const result = convolve(
    dy,
    turned,
    [height - 1 - top, height - 1 - bottom],
    [width - 1 - left, width - 1 - right],
  );
  dispose(reversed, turned);
  return result;
}

function matMul(
  stock: RunKernel,
  { a, b }: Inputs<"a" | "b">,
  { transposeA, transposeB }: tf.BatchMatMulAttrs,
): TensorInfo {
  const left = transposeA ? transpose(a, lastTwoSwapped(a)) : a;
  const right = transposeB ? transpose(b, lastTwoSwapped(b)) : b;
  const result = stock({ a: left, b: right }, { transposeA: false, transposeB: false });
  if (transposeA) dispose(left);
  if (transposeB) dispose(right);
  return result;
}

function lastTwoSwapped({ shape }: TensorInfo): number[] {
  const axes = Array.from(shape.keys());
  return [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
}

type Padded = Pick<tf.Conv2DBackpropFilterAttrs, "strides" | "pad" | "dimRoundingMode">;

function padding(images: readonly number[], filter: readonly number[], attributes: Padded) {
  const { strides, pad, dimRoundingMode } = attributes;
  const info = tf.backend_util.computeConv2DInfo(
    shape4(images),
    shape4(filter),
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  if (info.strideHeight !== 1 || info.strideWidth !== 1) {
    throw new Error(`convolution with strides ${String(strides)}: only stride 1 can be trained on wasm`);
  }
  return info.padInfo;
}

type Ends = readonly [number, number];

function convolve(x: TensorInfo, filter: TensorInfo, vertical: Ends, horizontal: Ends): TensorInfo {
  const pad = [[0, 0], [...vertical], [...horizontal], [0, 0]];
  return run(tf.Conv2D, { x, filter }, { strides: 1, pad, dataFormat: "NHWC", dilations: 1 });
}

function transpose(x: TensorInfo, perm: number[]): TensorInfo {
  return run(tf.Transpose, { x }, { perm });
}

function run(name: string, inputs: Inputs<string>, attributes: tf.NamedAttrMap): TensorInfo {
  return stockKernel(name)(inputs, attributes);
}

function dispose(...tensors: readonly TensorInfo[]): void {
  const backend = wasmBackend();
  for (const { dataId } of tensors) backend.disposeData(dataId);
}
