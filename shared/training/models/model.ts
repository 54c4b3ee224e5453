/**
 * A model is a list of parameters and a pure function from images to class scores. Its parameters live
 * outside of it, as one flat vector in the order of the list: that vector is what peers average.
 */
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { createRng, mix } from "../../core/rng.ts";

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Inputs that one output sums; 0 for a bias, which starts at zero. */
  readonly fanIn: number;
}

export interface Model {
  readonly parameters: readonly ParameterSpec[];
  /** Class scores [n, classes] for images [n, height, width, channels]. */
  logits(images: Tensor4D, parameters: readonly Tensor[]): Tensor2D;
}

export function sizeOf(spec: ParameterSpec): number {
  return spec.shape.reduce((product, length) => product * length, 1);
}

export function parameterCount(model: Model): number {
  return model.parameters.reduce((sum, spec) => sum + sizeOf(spec), 0);
}

/**
 * He initialisation: variance 2 / fanIn. Uniform and not normal, because a normal draw needs log and cos,
 * whose last bits differ between machines, and every peer must start from the very same model.
 */
export function initialParameters(model: Model, seed: number): Float32Array {
  const flat = new Float32Array(parameterCount(model));
  let offset = 0;
  for (const [index, spec] of model.parameters.entries()) {
    const end = offset + sizeOf(spec);
    if (spec.fanIn > 0) fillUniform(flat.subarray(offset, end), mix(seed, index), Math.sqrt(6 / spec.fanIn));
    offset = end;
  }
  return flat;
}

function fillUniform(values: Float32Array, seed: number, bound: number): void {
  const rng = createRng(seed);
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng.float() - 1) * bound;
}

/** The parameter tensors of one step, in the order of the model's list. */
export function take(parameters: readonly Tensor[], index: number): Tensor {
  const tensor = parameters[index];
  if (!tensor) throw new Error(`the model has no parameter ${index}`);
  return tensor;
}
