/**
 * Starts the tfjs backend that the role asks for. tfjs itself falls back to a slower one without a word;
 * here a backend that does not start is an error that says so. Each is imported when it is asked for, so
 * that a tab loads no other.
 */
import * as tf from "@tensorflow/tfjs-core";
import { installGradients } from "./gradients.ts";
import type { ReadKernels } from "./kernels/kernel-module.ts";

export type BackendChoice =
  /** `binaries`: the folder of tfjs's .wasm files, a path or URL with its final slash. */
  | { readonly name: "wasm"; readonly binaries: string; readonly readKernels: ReadKernels }
  | { readonly name: "cpu" }
  /** Only the role knows how to reach these. */
  | { readonly name: "webgpu" | "webgl" | "tensorflow"; readonly load: () => Promise<LoadedBackend> };

/** A backend that tfjs knows by name, not started yet. */
export interface LoadedBackend {
  /** What to look at when it does not start. */
  readonly hint: string;
  /** Called when it is current, once or more often; returns what computes, for people. */
  started(): Promise<string>;
}

/** Returns what computes, for people. */
export async function startBackend(choice: BackendChoice): Promise<string> {
  // Production mode also keeps tfjs's start-up banner off the terminal.
  tf.enableProdMode();
  installGradients();
  const backend = await load(choice);
  await select(choice.name, backend.hint);
  return backend.started();
}

async function load(choice: BackendChoice): Promise<LoadedBackend> {
  if (choice.name === "cpu") return (await import("./cpu-backend.ts")).loadCpu();
  if (choice.name === "wasm")
    return (await import("./wasm-backend.ts")).loadWasm(choice.binaries, choice.readKernels);
  return choice.load();
}

/** One tfjs engine serves all trainers of a thread: each makes its own backend current before it computes. */
export async function select(name: string, hint: string): Promise<void> {
  if (tf.getBackend() === name) return;
  const started = await tf.setBackend(name);
  if (!started || tf.getBackend() !== name)
    throw new Error(`training backend "${name}" did not start: ${hint}`);
}
