/**
 * Starts the tfjs backend that the role asks for. tfjs itself falls back to a slower one without a word;
 * here a backend that does not start is an error that says so.
 */
import * as tf from "@tensorflow/tfjs-core";
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { installGradients } from "./gradients.ts";
import { installKernels } from "./kernels.ts";

export type BackendChoice =
  /** `binaries`: the folder of tfjs's .wasm files, a path or URL with its final slash. */
  { readonly name: "wasm"; readonly binaries: string } | { readonly name: "cpu" };

/** Returns what computes, for people. */
export async function startBackend(choice: BackendChoice): Promise<string> {
  // Production mode also keeps tfjs's start-up banner off the terminal.
  tf.enableProdMode();
  installGradients();
  return choice.name === "cpu" ? startCpu() : startWasm(choice.binaries);
}

async function startCpu(): Promise<string> {
  await select("cpu", `tfjs-backend-cpu is ${version_cpu}`);
  return "cpu";
}

async function startWasm(binaries: string): Promise<string> {
  const env = tf.env();
  if (!tf.findBackend("wasm")) {
    setWasmPaths(binaries);
    // tfjs's threaded build starts with one thread everywhere we looked; its heap is of another kind.
    env.set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  }
  await select("wasm", `are its .wasm files in ${binaries} and does this machine have WebAssembly?`);
  installKernels();
  return (await env.getAsync("WASM_HAS_SIMD_SUPPORT")) ? "wasm (SIMD)" : "wasm (no SIMD: slow)";
}

/** One tfjs engine serves all trainers of a thread: each makes its own backend current before it computes. */
export async function select(name: string, hint: string): Promise<void> {
  if (tf.getBackend() === name) return;
  const started = await tf.setBackend(name);
  if (!started || tf.getBackend() !== name)
    throw new Error(`training backend "${name}" did not start: ${hint}`);
}
