/**
 * What a simulated training needs to go on: a line of JSON, then its arrays. Written beside its place, synced
 * and renamed, so that there is always a whole one, whenever the program is killed.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { FlatArray } from "../../shared/core/averaging/rule.ts";

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
  /** Losses, replicas, memories of optimizers and of rules, in an order that its writer knows. */
  readonly arrays: readonly FlatArray[];
}

const newline = 10;

const kinds = { f32: Float32Array, f64: Float64Array, u8: Uint8Array } as const;
type Kind = keyof typeof kinds;

function kindOf(array: FlatArray): Kind {
  if (array instanceof Uint8Array) return "u8";
  return array instanceof Float32Array ? "f32" : "f64";
}

export function writeCheckpoint(file: string, { arrays, ...rest }: Checkpoint): void {
  const shapes = arrays.map((array) => [kindOf(array), array.length] as const);
  const head = Buffer.from(`${JSON.stringify({ ...rest, shapes })}\n`);
  const next = `${file}.next`;
  const handle = openSync(next, "w");
  writeSync(handle, head);
  for (const array of arrays)
    writeSync(handle, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(next, file);
}

type Head = Omit<Checkpoint, "arrays"> & { readonly shapes: readonly (readonly [Kind, number])[] };

/** Undefined where there is none. */
export function readCheckpoint(file: string, key: string): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  const end = bytes.indexOf(newline);
  const { shapes, ...head }: Head = JSON.parse(bytes.subarray(0, end).toString());
  if (head.key !== key) throw new Error(`${file}: is of ${head.key}, not of ${key}: delete it`);
  let at = end + 1;
  const arrays = shapes.map(([kind, length]) => {
    const size = kinds[kind].BYTES_PER_ELEMENT * length;
    // Copied, because an array must begin at a multiple of its values' size.
    const own = bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + size);
    at += size;
    return new kinds[kind](own);
  });
  return { ...head, arrays };
}
