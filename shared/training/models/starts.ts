/** How parameters start, by the papers that say so. A uniform value in ±b has the variance b² / 3. */
import type { ParameterSpec, Start } from "./model.ts";

export const zero: Start = { kind: "constant", value: 0 };
export const one: Start = { kind: "constant", value: 1 };

/** Variance 2 / fanIn, which ReLU keeps: He et al. 2015, https://arxiv.org/abs/1502.01852. */
export function he(fanIn: number): Start {
  return { kind: "uniform", bound: Math.sqrt(6 / fanIn) };
}

export function uniform(bound: number): Start {
  return { kind: "uniform", bound };
}

/** Uniform of this standard deviation. */
export function spread(deviation: number): Start {
  return { kind: "uniform", bound: Math.sqrt(3) * deviation };
}

export function trained(name: string, shape: readonly number[], start: Start): ParameterSpec {
  return { name, shape, role: "trained", start };
}

export function statistic(name: string, shape: readonly number[], start: Start): ParameterSpec {
  return { name, shape, role: "statistic", start };
}

/** A fully connected layer. */
export function denseParameters(
  name: string,
  inputs: number,
  outputs: number,
  start: Start = he(inputs),
): ParameterSpec[] {
  return [trained(`${name}.weights`, [inputs, outputs], start), trained(`${name}.bias`, [outputs], zero)];
}
