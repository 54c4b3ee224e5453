/** Operations with random inputs, and one number of each whose gradient can be compared. */
import * as tf from "@tensorflow/tfjs-core";
import { select } from "../../shared/training/backend.ts";
import { createRng } from "../../shared/core/rng.ts";

/** An input as arrays, so that every backend gets the same. */
export interface Input {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export type Compute = (...inputs: readonly tf.Tensor[]) => tf.Tensor;

export interface Results {
  readonly value: Float32Array;
  /** For the inputs of floats, in their order. */
  readonly gradients: readonly Float32Array[];
}

export const floats = (seed: number, ...shape: readonly number[]): Input => {
  const rng = createRng(seed);
  return { shape, values: Float32Array.from({ length: product(shape) }, () => rng.normal()) };
};

export const integers = (seed: number, from: number, to: number, ...shape: readonly number[]): Input => {
  const rng = createRng(seed);
  const draw = () => from + Math.floor(rng.float() * (to - from));
  return { shape, values: Int32Array.from({ length: product(shape) }, draw) };
};

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export function tensorOf({ shape, values }: Input): tf.Tensor {
  return tf.tensor(values, [...shape], values instanceof Int32Array ? "int32" : "float32");
}

/** The value, and the gradients of its sum, every element weighted differently. */
export async function resultsOn(
  backend: string,
  inputs: readonly Input[],
  compute: Compute,
): Promise<Results> {
  await select(backend, "a test started it before");
  const tensors = inputs.map(tensorOf);
  const learned = inputs.flatMap(({ values }, index) => (values instanceof Float32Array ? [index] : []));
  const weighted = (...some: readonly tf.Tensor[]): tf.Scalar => {
    const all = tensors.map((tensor, index) => some[learned.indexOf(index)] ?? tensor);
    const value = compute(...all);
    return tf.sum(tf.mul(value, tensorOf(floats(99, ...value.shape))));
  };
  // Not dataSync: WebGPU in Node can't.
  const read = async (tensor: tf.Tensor) => Float32Array.from(await tensor.data<"float32">());
  const of = tensors.filter((_, index) => learned.includes(index));
  const [value, ...gradients] = tf.tidy(() => [compute(...tensors), ...tf.grads(weighted)(of)]);
  const results = { value: await read(value), gradients: await Promise.all(gradients.map(read)) };
  tf.dispose([...tensors, value, ...gradients]);
  return results;
}

/** ‖a − b‖ / ‖b‖, or ‖a − b‖ where b is 0. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    size += (b[i] ?? NaN) ** 2;
  }
  return Math.sqrt(difference) / (size > 0 ? Math.sqrt(size) : 1);
}

/** The same tensor, with its rank known to the compiler. */
export const rank4 = (tensor: tf.Tensor) => tf.reshape<tf.Rank.R4>(tensor, as4(tensor.shape));
export const rank3 = (tensor: tf.Tensor) => tf.reshape<tf.Rank.R3>(tensor, as3(tensor.shape));
export const rank2 = (tensor: tf.Tensor) => tf.reshape<tf.Rank.R2>(tensor, as2(tensor.shape));
export const rank1 = (tensor: tf.Tensor) => tf.reshape<tf.Rank.R1>(tensor, [tensor.size]);
const as4 = ([a = 1, b = 1, c = 1, d = 1]: number[]): [number, number, number, number] => [a, b, c, d];
const as3 = ([a = 1, b = 1, c = 1]: number[]): [number, number, number] => [a, b, c];
const as2 = ([a = 1, b = 1]: number[]): [number, number] => [a, b];
