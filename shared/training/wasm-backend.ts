/** tfjs in WebAssembly, with our kernels. */
import * as tf from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { LoadedBackend } from "./backend.ts";
import { installKernels } from "./kernels.ts";

export function loadWasm(binaries: string): LoadedBackend {
  const env = tf.env();
  if (!tf.engine().registry["wasm"]) {
    setWasmPaths(binaries);
    // tfjs's threaded build starts with one thread everywhere we looked; its heap is of another kind.
    env.set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  }
  return {
    hint: `are its .wasm files in ${binaries} and does this machine have WebAssembly?`,
    async started() {
      installKernels();
      return (await env.getAsync("WASM_HAS_SIMD_SUPPORT")) ? "wasm (SIMD)" : "wasm (no SIMD: slow)";
    },
  };
}
