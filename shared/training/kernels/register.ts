/** Puts kernels of ours in the place of tfjs's, or of what an operation of ours is composed of. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { Operation } from "../ops/operation.ts";

/** Any kernel: the engine keeps no types of inputs and attributes, the name is what says which they are. */
type Compute = (inputs: never, attributes: never) => TensorInfo | TensorInfo[];

export function replace(kernelName: string, compute: Compute): void {
  if (tf.getKernel(kernelName, "wasm")) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see Compute
    kernelFunc: ({ inputs, attrs }) => compute(inputs as never, attrs as never),
  });
}

/** `compute` returns nothing for shapes that it does not know: those are composed. */
export function fuse<Input extends string, Attributes extends object>(
  { name, compose }: Operation<Input, Attributes>,
  compute: (
    inputs: Readonly<Record<Input, Tensor>>,
    attributes: Attributes,
  ) => TensorInfo | TensorInfo[] | undefined,
): void {
  replace(name, (inputs: Readonly<Record<Input, Tensor>>, attributes: Attributes) => {
    const results = compute(inputs, attributes) ?? tf.tidy(() => compose(inputs, attributes));
    // The engine makes a list of a list only, and operations have lists of results.
    return Array.isArray(results) ? results : [results];
  });
}
