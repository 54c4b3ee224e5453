/** Where npm put the .wasm files of tfjs's wasm backend: beside its main file. */
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

export function wasmBinaries(): string {
  return dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm"))) + sep;
}
