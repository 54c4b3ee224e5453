/**
 * What the trainer will compute with, known before it is started: a peer tells the server when it joins, and
 * gets the task that it starts a trainer for only then. The words are those of shared/training/backend.ts.
 */

/** A module with one function: i32.const 0, i8x16.splat, drop. */
const withSimd = "0061736d01000000 010401600000 03020100 0a0901070041 00fd0f1a0b";

export function wasmKind(): string {
  return WebAssembly.validate(Buffer.from(withSimd.replaceAll(" ", ""), "hex"))
    ? "wasm (SIMD)"
    : "wasm (no SIMD: slow)";
}
