/**
 * What a simulated training needs to go on: a line of JSON, then its arrays. Written beside its place, synced
 * and renamed, so that there is always a whole one, whenever the program is killed.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

export type Numbers = Float32Array | Float64Array;

export interface Checkpoint {
  /** Of the run that it belongs to. */
  readonly key: string;
  /** Rounds that are done. */
  readonly round: number;
  /** Fragments that were to arrive so far, and those that did not. */
  readonly awaited: number;
  readonly dropped: number;
  readonly processorSeconds: number;
  /** Training samples of all workers together. */
  readonly sampleCount: number;
  /** Replicas, optimizer memories and losses, in an order that its writer knows. */
  readonly arrays: readonly Numbers[];
}

const newline = 10;

export function writeCheckpoint(file: string, { arrays, ...rest }: Checkpoint): void {
  const kinds = arrays.map((array) => [array instanceof Float32Array ? "f32" : "f64", array.length] as const);
  const head = Buffer.from(`${JSON.stringify({ ...rest, kinds })}\n`);
  const next = `${file}.next`;
  const handle = openSync(next, "w");
  writeSync(handle, head);
  for (const array of arrays)
    writeSync(handle, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(next, file);
}

type Head = Omit<Checkpoint, "arrays"> & { readonly kinds: readonly (readonly ["f32" | "f64", number])[] };

/** Undefined where there is none. */
export function readCheckpoint(file: string, key: string): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  const end = bytes.indexOf(newline);
  const { kinds, ...head }: Head = JSON.parse(bytes.subarray(0, end).toString());
  if (head.key !== key) throw new Error(`${file}: is of ${head.key}, not of ${key}: delete it`);
  let at = end + 1;
  const arrays = kinds.map(([kind, length]) => {
    const size = kind === "f32" ? 4 : 8;
    // Copied, because an array must begin at a multiple of its values' size.
    const own = bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + size * length);
    at += size * length;
    return kind === "f32" ? new Float32Array(own) : new Float64Array(own);
  });
  return { ...head, arrays };
}
