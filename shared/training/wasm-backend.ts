/** tfjs in WebAssembly, with our kernels. */
import * as tf from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { LoadedBackend } from "./backend.ts";
import { wasmWord } from "./backend-report.ts";
import { installKernels } from "./kernels/install-kernels.ts";
import { loadKernelModule } from "./kernels/kernel-module.ts";
import type { ReadKernels } from "./kernels/kernel-module.ts";

/** One module on one heap: a thread has one tfjs engine. */
let installed: Promise<void> | undefined;

export function loadWasm(binaries: string, readKernels: ReadKernels): LoadedBackend {
  const env = tf.env();
  if (!tf.engine().registry["wasm"]) {
    setWasmPaths(binaries);
    // tfjs's threaded build starts with one thread everywhere we looked, and takes a shared heap for it.
    env.set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  }
  return {
    hint: `are its .wasm files in ${binaries} and does this machine have WebAssembly?`,
    async started() {
      if (!(await env.getAsync("WASM_HAS_SIMD_SUPPORT"))) {
        throw new Error("WebAssembly here has no SIMD: a newer browser has it");
      }
      await (installed ??= loadKernelModule(readKernels).then(installKernels));
      return wasmWord;
    },
  };
}
