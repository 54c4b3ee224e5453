/** The .wasm files: tfjs's where npm put them, beside its main file, and ours where the build put them. */
import { readFile } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReadKernels } from "../shared/training/kernels/kernel-module.ts";

export function wasmBinaries(): string {
  return dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm"))) + sep;
}

/** Beside the code as it runs, which is dist. */
export const readKernels: ReadKernels = (isShared) =>
  readFile(new URL(`../shared/training/${isShared ? "kernels-shared" : "kernels"}.wasm`, import.meta.url));

/** Both, as the wasm backend takes them. */
export const wasmFiles = () => ({ binaries: wasmBinaries(), readKernels });
