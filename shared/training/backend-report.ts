/** What people are told about the processor that was chosen. */

/** `tensorflow` is TensorFlow's own library in Node, on a GPU or on the processor. */
export type BackendName = "webgpu" | "tensorflow" | "wasm" | "webgl" | "cpu";
/** The trainer's own word for our kernels, and what a peer says that it will train on before it has a task. */
export const wasmWord = "wasm (SIMD)";

/** What a person asked for. */
export type Processor = "automatic" | "gpu" | "cpu";

export interface Wish {
  readonly processor: Processor;
  /** This one or none. */
  readonly only?: BackendName;
}

export interface BackendTrial {
  readonly name: BackendName;
  /** Of one local step, by the self-benchmark; null when it did not start. */
  readonly stepMs: number | null;
  /** Why it did not start, or what is odd about it (a software adapter, …). */
  readonly note: string | null;
}

export interface BackendReport {
  readonly name: BackendName;
  /** "WebAssembly (SIMD) on the processor", "WebGPU: ADAPTER", … */
  readonly title: string;
  /** One sentence: why this one, and what is missing if it is slow. */
  readonly why: string;
  /** Without those that had nobody to be compared with. */
  readonly trials: readonly BackendTrial[];
}
