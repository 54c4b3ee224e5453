/**
 * A model is a list of parameters and a pure function of them. The parameters live outside of it, as one
 * flat vector in the order of the list: that vector is what peers average.
 */
import { createRng, mix } from "../../core/rng.ts";

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * `trained` ones are moved by the optimizer. A `statistic` of batch norm follows the batches; it is part
   * of the vector, so that it is averaged and kept like everything else. All trained ones come first.
   */
  readonly role: "trained" | "statistic";
  readonly start: Start;
}

export type Start =
  | { readonly kind: "constant"; readonly value: number }
  /** Uniform in −bound … bound. */
  | { readonly kind: "uniform"; readonly bound: number }
  /** An LSTM's bias: 1 for the forget gate, the second quarter, and 0 for the others. */
  | { readonly kind: "gates" };

export function sizeOf(spec: ParameterSpec): number {
  return spec.shape.reduce((product, length) => product * length, 1);
}

/** Values of all parameters. */
export function countOf(parameters: readonly ParameterSpec[]): number {
  return parameters.reduce((sum, spec) => sum + sizeOf(spec), 0);
}

/** Values of those that the optimizer moves; they are the first ones of the flat vector. */
export function trainedCount(parameters: readonly ParameterSpec[]): number {
  return countOf(parameters.filter(({ role }) => role === "trained"));
}

/**
 * Where every peer starts, to the bit. Random values are uniform and not normal, because a normal draw
 * needs log and cos, whose last bits differ between machines.
 */
export function initialParameters(parameters: readonly ParameterSpec[], seed: number): Float32Array {
  const flat = new Float32Array(countOf(parameters));
  let offset = 0;
  for (const [index, spec] of parameters.entries()) {
    const end = offset + sizeOf(spec);
    fill(flat.subarray(offset, end), spec.start, mix(seed, index));
    offset = end;
  }
  return flat;
}

function fill(values: Float32Array, start: Start, seed: number): void {
  if (start.kind === "constant") values.fill(start.value);
  else if (start.kind === "gates") values.fill(1, values.length / 4, values.length / 2);
  else fillUniform(values, seed, start.bound);
}

function fillUniform(values: Float32Array, seed: number, bound: number): void {
  const rng = createRng(seed);
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng.float() - 1) * bound;
}
