/** The narrow door below tfjs's engine: its wasm backend and kernels, called directly and typed. */
import * as tf from "@tensorflow/tfjs-core";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { NamedAttrMap, TensorInfo } from "@tensorflow/tfjs-core";

export type Inputs<Name extends string> = Readonly<Record<Name, TensorInfo>>;
export type RunKernel = (inputs: Inputs<string>, attributes: NamedAttrMap) => TensorInfo;

export function wasmBackend(): BackendWasm {
  const backend = tf.backend();
  if (!(backend instanceof BackendWasm)) throw new Error(`the backend is ${tf.getBackend()}, not wasm`);
  return backend;
}

/** The kernel as it is registered now: it keeps running when another one takes its name. */
export function stockKernel(name: string): RunKernel {
  const kernel = tf.getKernel(name, "wasm");
  if (!kernel) throw new Error(`tfjs ${tf.version_core} has no wasm kernel ${name}`);
  return (inputs, attrs) => {
    const result = kernel.kernelFunc({ inputs: { ...inputs }, attrs, backend: wasmBackend() });
    if (Array.isArray(result)) throw new Error(`wasm kernel ${name} has ${result.length} results, not one`);
    return result;
  };
}

export function shape4(shape: readonly number[]): [number, number, number, number] {
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  return [a, b, c, d];
}
