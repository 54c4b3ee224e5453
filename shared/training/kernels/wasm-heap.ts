/** The narrow door below tfjs's engine: its wasm backend, its heap and its kernels, typed. */
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

/** A new tensor of floats that are not set yet. */
export function makeOutput(shape: readonly number[]): TensorInfo {
  return wasmBackend().makeOutput([...shape], "float32");
}

/** Where a tensor's values begin on the heap; it stays there. */
export function pointerTo({ dataId }: TensorInfo): number {
  const data = wasmBackend().dataIdMap.get(dataId);
  if (typeof data.memoryOffset !== "number") throw new Error(moved("memoryOffset"));
  return data.memoryOffset;
}

/** Lends memory that is not set; 16-byte aligned for the vector instructions. */
export function withScratch(bytes: number, use: (pointer: number) => void): void {
  const { malloc, free } = heapFunctions();
  const block = malloc(bytes + alignment);
  try {
    use(Math.ceil(block / alignment) * alignment);
  } finally {
    free(block);
  }
}

/** A line of the cache. */
const alignment = 64;

/**
 * Once per thread. tfjs does not look at what it is given: without this, whatever a full heap has no room for
 * is written from address 0 on, and sizes of 4 GiB and more wrap around.
 */
export function guardAllocations(): void {
  const stub = heapFunctions();
  // Emscripten's stub puts the real function into its own place whenever it is called.
  stub.free(stub.malloc(1));
  const { malloc } = heapFunctions();
  Reflect.set(wasmBackend().wasm, "_malloc", (bytes: number) => {
    const block = bytes < 2 ** 32 ? malloc(bytes) : 0;
    if (block === 0 && bytes > 0)
      throw new Error(`out of memory: WebAssembly has no ${Math.ceil(bytes / 1e6)} MB left`);
    return block;
  });
}

function heapFunctions() {
  const { wasm } = wasmBackend();
  const [malloc, free]: unknown[] = [Reflect.get(wasm, "_malloc"), Reflect.get(wasm, "_free")];
  if (typeof malloc !== "function" || typeof free !== "function") throw new Error(moved("_malloc and _free"));
  return {
    // It says addresses above 2 GiB as negative numbers.
    malloc: (bytes: number) => Number(malloc(bytes)) >>> 0,
    free: (block: number) => void free(block),
  };
}

/** How large it has become; it never shrinks. */
export function heapBytes(): number {
  return heapMemory().buffer.byteLength;
}

/** tfjs keeps it in another place in each of its builds. */
export function heapMemory(): WebAssembly.Memory {
  const wasm: object = wasmBackend().wasm;
  const candidates: readonly unknown[] = [
    Reflect.get(Object(Reflect.get(wasm, "asm")), "memory"),
    Reflect.get(wasm, "wasmMemory"),
  ];
  const memory = candidates.find((it) => it instanceof WebAssembly.Memory);
  if (!memory) throw new Error(moved("memory"));
  return memory;
}

const moved = (what: string) =>
  `tfjs ${tf.version_core}: its wasm backend has no ${what} where 4.22.0 has it, so our kernels can't run`;

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

export const sizeOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/** Whether something of `size` values can be added to each row; nothing can, too. */
export function isVector(tensor: TensorInfo | undefined, size: number): boolean {
  return !tensor || (tensor.dtype === "float32" && tensor.shape.length === 1 && tensor.shape[0] === size);
}
