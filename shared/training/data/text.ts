/**
 * Running text, learned character by character (code points of UTF-8). The last tenth is kept for validation.
 * The file is read as a whole, because which characters there are is part of the model.
 */
import type { TextData, TextSet } from "./data-set.ts";
import { dataError, sizeOf } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";
import type { SpecOf } from "./describe.ts";
import type { LoadOptions } from "./load-options.ts";
import { stretchesOf } from "./shards.ts";

type Spec = SpecOf<"text">;

/** As characters, and once more as numbers, it has to fit in memory. */
const maxBytes = 256 * 1024 * 1024;

/** Of the windows of a shard at most one in so many lies across the seam of two stretches and reads oddly. */
const seamRarity = 16;

export async function loadText(spec: Spec, { shard, source }: LoadOptions): Promise<TextData> {
  const { alphabet, train, validation } = await readText(spec, source);
  const pieces = stretchesOf(shard, train.length, spec, seamRarity * spec.context).map(({ from, length }) =>
    train.subarray(from, from + length),
  );
  return dataOf(spec, alphabet, trainingSet(joined(pieces), spec), validation);
}

/** The whole last tenth, window after window. */
export async function loadTextTest(spec: Spec, source: DataSource): Promise<TextData> {
  const { alphabet, rest } = await readText(spec, source);
  const count = Math.floor((rest.length - 1) / spec.context);
  const none: TextSet = { count: 0, characters: new Uint8Array() };
  return dataOf(spec, alphabet, none, { count, characters: rest });
}

/** @throws Error with one sentence about the first thing that is wrong. */
export async function checkText(spec: Spec, source: DataSource): Promise<void> {
  await readText(spec, source);
}

async function readText(spec: Spec, source: DataSource) {
  const bytes = await sizeOf(source, spec.file);
  if (bytes > maxBytes)
    throw dataError(spec.file, `has ${bytes} bytes, at most ${maxBytes} can be learned from`);
  const { alphabet, numbers } = numbered(decode(await source.read(spec.file), spec.file), spec);
  const end = Math.floor(numbers.length * 0.9);
  const train = numbers.subarray(0, end);
  const rest = numbers.subarray(end);
  const needed = spec.context + 1;
  if (rest.length < needed || Math.floor(train.length / spec.shards) < needed)
    throw dataError(
      spec.file,
      `has ${numbers.length} characters, too few for ${spec.shards} shards and a validation tenth ` +
        `of ${needed} (data.context + 1) each`,
    );
  return { alphabet, train, rest, validation: validationSet(rest, spec) };
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw dataError(file, `byte ${firstBadByte(bytes)} is not UTF-8: convert the file (iconv -t UTF-8)`);
  }
}

/** By halves: a decoder does not say where it stopped. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isGoodStart(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return bad - 1;
}

function isGoodStart(bytes: Uint8Array): boolean {
  try {
    // A character that is cut off at the end is no fault yet.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function numbered(text: string, spec: Spec): { alphabet: readonly string[]; numbers: Uint8Array } {
  const points = pointsOf(text);
  const codes = [...new Set(points)].toSorted((a, b) => a - b);
  if (codes.length !== spec.characters)
    throw dataError(
      spec.file,
      `has ${codes.length} different characters, data.characters is ${spec.characters}: ` +
        (codes.length <= 255 ? `set it to ${codes.length}` : "at most 255 can be learned"),
    );
  const numberOf = new Map(codes.map((code, index) => [code, index]));
  const numbers = new Uint8Array(points.length);
  for (let at = 0; at < points.length; at++) numbers[at] = numberOf.get(points[at] ?? 0) ?? 0;
  return { alphabet: codes.map((code) => String.fromCodePoint(code)), numbers };
}

/** Not by the iterator, which would make a string of each character first: 30 bytes of memory. */
function pointsOf(text: string): Uint32Array {
  const points = new Uint32Array(text.length);
  let count = 0;
  for (let at = 0; at < text.length; count++) {
    const point = text.codePointAt(at) ?? 0;
    points[count] = point;
    at += point > 0xffff ? 2 : 1;
  }
  return points.subarray(0, count);
}

function trainingSet(characters: Uint8Array, { context }: Spec): TextSet {
  return { count: Math.max(0, characters.length - context), characters };
}

function validationSet(characters: Uint8Array, { context, validationSamples }: Spec): TextSet {
  return { count: Math.min(validationSamples, characters.length - context), characters };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function dataOf(
  { context }: Spec,
  alphabet: readonly string[],
  train: TextSet,
  validation: TextSet,
): TextData {
  return { kind: "text", context, alphabet, train, validation };
}
