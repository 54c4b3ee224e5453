/** Our WebAssembly module (shared/training/assembly), on tfjs's heap: tensors are handed over as pointers. */
import * as tf from "@tensorflow/tfjs-core";
import { version_wasm as wasmVersion } from "@tensorflow/tfjs-backend-wasm";
import { heapMemory } from "./wasm-heap.ts";

const names = [
  "addBias",
  "addRelu",
  "attention",
  "attentionGradient",
  "batchNorm",
  "batchNormGradient",
  "convolutionScratch",
  "convolve",
  "convolveBack",
  "convolveFilter",
  "crossEntropy",
  "gelu",
  "geluGradient",
  "gemm",
  "gemmScratch",
  "halvingShortcut",
  "halvingShortcutGradient",
  "layerNorm",
  "layerNormGradient",
  "lstm",
  "lstmGradient",
  "lstmScratch",
  "maxPoolGradient",
  "reluGradient",
  "segmentSum",
  "sumRows",
  "takeRows",
  "winograd",
  "winogradFilter",
  "winogradFilterScratch",
  "winogradScratch",
] as const;

export type KernelName = (typeof names)[number];

/** Runs a function of the module; truth is 1 or 0. Returns bytes for the functions that say how much scratch. */
export type CallKernel = (name: KernelName, ...numbers: readonly number[]) => number;

/** The module's bytes; built twice, because memory is shared between threads or it is not. */
export type ReadKernels = (isShared: boolean) => Promise<BufferSource>;

/** Of tfjs: its heap's internals are used, and they are nobody's promise. */
export const knownVersion = "4.22.0";

/**
 * wasm must be the current backend.
 * @throws Error in one sentence when tfjs is not the version whose heap we know
 */
export async function loadKernelModule(read: ReadKernels): Promise<CallKernel> {
  assertVersions(tf.version_core, wasmVersion);
  const memory = heapMemory();
  const isShared = typeof SharedArrayBuffer === "function" && memory.buffer instanceof SharedArrayBuffer;
  const { instance } = await WebAssembly.instantiate(await read(isShared), { env: { memory } });
  const functions = new Map(names.map((name) => [name, functionOf(instance, name)]));
  return (name, ...numbers) => {
    const compute = functions.get(name);
    // WebAssembly takes any number of arguments and puts zeros for missing ones.
    if (compute?.length !== numbers.length)
      throw new Error(`kernel ${name} takes ${compute?.length} numbers`);
    return Number(compute(...numbers));
  };
}

export function assertVersions(...versions: readonly string[]): void {
  const other = versions.find((version) => version !== knownVersion);
  if (other === undefined) return;
  throw new Error(
    `tfjs ${other}: our wasm kernels know the heap of ${knownVersion} only, so pin that version`,
  );
}

type Compute = (...numbers: readonly number[]) => unknown;

function functionOf(instance: WebAssembly.Instance, name: KernelName): Compute {
  const exported = instance.exports[name];
  if (typeof exported !== "function") throw new Error(`our wasm module has no ${name}: build it again`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the functions of a module take numbers
  return exported as Compute;
}
