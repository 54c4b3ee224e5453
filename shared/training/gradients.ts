/**
 * How tfjs differentiates the operations that our models are made of. tfjs-core's Node build comes without
 * any of its gradients (only the full `tfjs` package registers them), and a tab must not behave otherwise.
 * An operation without one fails by name: "gradient function not found for …".
 */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import { columnSums } from "./ops/linear.ts";
import { runOne } from "./ops/operation.ts";
import { reluGradient } from "./ops/residual.ts";

interface Gradient {
  readonly kernelName: string;
  readonly inputsToSave?: string[];
  readonly outputsToSave?: boolean[];
  /** From dy and what was saved (inputs first) to the gradient of each input, computed when asked for. */
  readonly of: (dy: tf.Tensor, saved: tf.Tensor[], attributes: never) => Record<string, () => tf.Tensor>;
}

export function installGradients(): void {
  if (tf.getGradient(tf.Conv2D)) return;
  register({
    kernelName: tf.Reshape,
    inputsToSave: ["x"],
    of: (dy, [x]) => ({ x: () => tf.reshape(dy, saved(x).shape) }),
  });
  register({
    kernelName: tf.Relu,
    outputsToSave: [true],
    of: (dy, [y]) => ({ x: () => runOne(reluGradient, { dy, y: saved(y) }, {}) }),
  });
  register({
    kernelName: tf.Add,
    inputsToSave: ["a", "b"],
    of: (dy, [a, b]) => ({ a: () => sumTo(dy, saved(a).shape), b: () => sumTo(dy, saved(b).shape) }),
  });
  register({
    kernelName: tf.Multiply,
    inputsToSave: ["a", "b"],
    of: (dy, [a, b]) => ({
      a: () => sumTo(tf.mul(dy, saved(b)), saved(a).shape),
      b: () => sumTo(tf.mul(dy, saved(a)), saved(b).shape),
    }),
  });
  register({ kernelName: tf.Sum, inputsToSave: ["x"], of: sumGradient });
  register({ kernelName: tf.BatchMatMul, inputsToSave: ["a", "b"], of: matMulGradient });
  register({ kernelName: tf.Slice, inputsToSave: ["x"], of: sliceGradient });
  register({ kernelName: tf.Conv2D, inputsToSave: ["x", "filter"], of: convolutionGradient });
  register({ kernelName: tf.MaxPool, inputsToSave: ["x"], outputsToSave: [true], of: maxPoolGradient });
}

function register(gradient: Gradient): void {
  const { kernelName, inputsToSave = [], outputsToSave = [], of } = gradient;
  tf.registerGradient({
    kernelName,
    inputsToSave,
    outputsToSave,
    gradFunc: (dy, values, attributes) => {
      if (Array.isArray(dy)) throw new Error(`${kernelName} has ${dy.length} results, not one`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the engine keeps no types of attributes
      return of(dy, values, attributes as never);
    },
  });
}

function sumGradient(
  dy: tf.Tensor,
  [x]: tf.Tensor[],
  { axis }: tf.SumAttrs,
): Record<string, () => tf.Tensor> {
  const { shape } = saved(x);
  const kept = tf.backend_util.expandShapeToKeepDim(dy.shape, tf.util.parseAxisParam(axis, shape));
  return { x: () => tf.mul(tf.reshape(dy, kept), tf.ones(shape)) };
}

function matMulGradient(
  dy: tf.Tensor,
  [a, b]: tf.Tensor[],
  { transposeA, transposeB }: tf.BatchMatMulAttrs,
): Record<string, () => tf.Tensor> {
  return {
    a: () =>
      transposeA ? tf.matMul(saved(b), dy, transposeB, true) : tf.matMul(dy, saved(b), false, !transposeB),
    b: () =>
      transposeB ? tf.matMul(dy, saved(a), true, transposeA) : tf.matMul(saved(a), dy, !transposeA, false),
  };
}

function sliceGradient(
  dy: tf.Tensor,
  [x]: tf.Tensor[],
  { begin }: tf.SliceAttrs,
): Record<string, () => tf.Tensor> {
  const { shape } = saved(x);
  const around = shape.map((length, axis): [number, number] => {
    const before = typeof begin === "number" ? begin : (begin[axis] ?? 0);
    return [before, length - before - (dy.shape[axis] ?? 0)];
  });
  return { x: () => tf.pad(dy, around) };
}

function convolutionGradient(
  dy: tf.Tensor,
  [x, filter]: tf.Tensor[],
  { strides, pad, dataFormat, dimRoundingMode }: tf.Conv2DAttrs,
): Record<string, () => tf.Tensor> {
  const common = { strides, pad, dataFormat, ...(dimRoundingMode ? { dimRoundingMode } : {}) };
  return {
    x: () =>
      run(tf.Conv2DBackpropInput, { dy, filter: saved(filter) }, { ...common, inputShape: saved(x).shape }),
    filter: () =>
      run(tf.Conv2DBackpropFilter, { x: saved(x), dy }, { ...common, filterShape: saved(filter).shape }),
  };
}

function maxPoolGradient(
  dy: tf.Tensor,
  [input, output]: tf.Tensor[],
  { filterSize, strides, pad }: tf.MaxPoolAttrs,
): Record<string, () => tf.Tensor> {
  const inputs = { dy, input: saved(input), output: saved(output) };
  return { x: () => run(tf.MaxPoolGrad, inputs, { filterSize, strides, pad }) };
}

function run(kernel: string, inputs: Record<string, tf.Tensor>, attributes: NamedAttrMap): tf.Tensor {
  return tf.engine().runKernel<tf.Tensor>(kernel, inputs, attributes);
}

/** Undoes the broadcast of a smaller operand over the leading axes: a bias over images and pixels. */
function sumTo(dy: tf.Tensor, shape: number[]): tf.Tensor {
  if (dy.rank === shape.length) return tf.reshape(dy, shape);
  const size = tf.util.sizeFromShape(shape);
  return tf.reshape(runOne(columnSums, { x: tf.reshape(dy, [-1, size]) }, {}), shape);
}

function saved(tensor: tf.Tensor | undefined): tf.Tensor {
  if (!tensor) throw new Error("tfjs did not save what this gradient needs");
  return tensor;
}
