/**
 * tfjs's wasm backend made one that trains: what it lacks (the gradient of filters, of embeddings), what it
 * computes wrongly (MaxPoolGrad) or slowly (transposed products, gradients of images), and our own operations
 * as one kernel each. Every product with a weight is ours, too: tfjs's own (XNNPACK) keep packed copies of
 * weights by tensor id, and would go on with old values after a write to the heap.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { installConvolutions } from "./convolution-kernels.ts";
import type { CallKernel } from "./kernel-module.ts";
import { installMatrixProducts } from "./matrix-kernels.ts";
import { installNormalizations } from "./normalization-kernels.ts";
import { installPointwise } from "./pointwise-kernels.ts";
import { replace } from "./register.ts";
import { installSequences } from "./sequence-kernels.ts";
import { guardAllocations, wasmBackend } from "./wasm-heap.ts";
import type { Inputs } from "./wasm-heap.ts";

/** Once per thread; wasm must be the current backend. */
export function installKernels(call: CallKernel): void {
  guardAllocations();
  replace(tf.Identity, identity);
  installConvolutions(call);
  installMatrixProducts(call);
  installNormalizations(call);
  installPointwise(call);
  installSequences(call);
}

/** Another tensor of the same values. tfjs's own copies them, and it saves every activation by a clone. */
function identity({ x }: Inputs<"x">): TensorInfo {
  const { dataId, shape, dtype } = x;
  wasmBackend().incRef(dataId);
  return { dataId, shape, dtype };
}
