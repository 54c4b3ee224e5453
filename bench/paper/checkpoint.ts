/**
 * What a simulated training needs to go on: a line of JSON, then its arrays. Written beside its place, synced
 * and renamed, so that there is always a whole one, whenever the program is killed.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import * as v from "valibot";
import type { FlatArray } from "../../shared/core/averaging/rule.ts";
import { parseKept, unusable } from "./kept-file.ts";
import { programEntries } from "./run-result.ts";
import type { Program } from "./run-spec.ts";

export interface Checkpoint extends Program {
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

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const headSchema = (key: string, segmentRounds: number) =>
  v.object({
    ...programEntries(segmentRounds),
    key: v.literal(key, `must be ${key}`),
    round: count,
    awaited: count,
    dropped: count,
    processorSeconds: v.number(),
    sampleCount: count,
    shapes: v.array(v.tuple([v.picklist(["f32", "f64", "u8"]), count])),
  });

/**
 * Undefined where there is none.
 * @throws when it is not of this program, or of another training
 */
export function readCheckpoint(file: string, key: string, segmentRounds: number): Checkpoint | undefined {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  let at = bytes.indexOf(newline) + 1;
  const line = bytes.subarray(0, at).toString();
  const { shapes, ...head } = parseKept(file, line, headSchema(key, segmentRounds));
  const size = shapes.reduce((sum, [kind, length]) => sum + sizeOf(kind, length), at);
  if (bytes.length !== size) throw unusable(file, `has ${bytes.length} bytes in place of ${size}`);
  const arrays = shapes.map(([kind, length]) => {
    // Copied, because an array must begin at a multiple of its values' size.
    const own = bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + sizeOf(kind, length));
    at += sizeOf(kind, length);
    return new kinds[kind](own);
  });
  return { ...head, arrays };
}

function sizeOf(kind: Kind, length: number): number {
  return kinds[kind].BYTES_PER_ELEMENT * length;
}
