/**
 * Running text, learned character by character (code points of UTF-8). The last tenth is kept for validation.
 * The file is read as a whole, because which characters there are is part of the model.
 */
import { eachCodePoint } from "./code-points.ts";
import type { TextData, TextSet } from "./data-set.ts";
import { dataError, sizeOf } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";
import type { SpecOf } from "./describe.ts";
import type { LoadOptions } from "./load-options.ts";
import { stretchesOf } from "./shards.ts";

type Spec = SpecOf<"text">;

/** Measured: 0.8 GB of memory while it is loaded, for the file, its characters' numbers and the shard's. */
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

/** The whole last tenth, window after window: each of its characters but the first is to be found out once. */
export async function loadTextTest(spec: Spec, source: DataSource): Promise<TextData> {
  const { alphabet, rest } = await readText(spec, source);
  const count = Math.ceil((rest.length - 1) / spec.context);
  const none: TextSet = { count: 0, characters: new Uint8Array() };
  return dataOf(spec, alphabet, none, { count, characters: rest, isTiled: true });
}

/** @throws Error with one sentence about the first thing that is wrong. */
export async function checkText(spec: Spec, source: DataSource): Promise<void> {
  await readText(spec, source);
}

async function readText(spec: Spec, source: DataSource) {
  const bytes = await sizeOf(source, spec.file);
  if (bytes > maxBytes)
    throw dataError(spec.file, `has ${bytes} bytes, at most ${maxBytes} can be learned from`);
  const { alphabet, numbers } = numbered(await source.read(spec.file), spec);
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

/** Twice through the file: which characters there are, then the number of each. */
function numbered(bytes: Uint8Array, spec: Spec): { alphabet: readonly string[]; numbers: Uint8Array } {
  const isThere = new Uint8Array(codePoints);
  let count = 0;
  const bad = eachCodePoint(bytes, (code) => {
    isThere[code] = 1;
    count += 1;
  });
  if (bad !== undefined)
    throw dataError(spec.file, `byte ${bad} is not UTF-8: convert the file (iconv -t UTF-8)`);
  const codes = indicesOf(isThere);
  if (codes.length !== spec.characters)
    throw dataError(
      spec.file,
      `has ${codes.length} different characters, data.characters is ${spec.characters}: ` +
        (codes.length <= 255 ? `set it to ${codes.length}` : "at most 255 can be learned"),
    );
  const numberOf = isThere;
  for (const [number, code] of codes.entries()) numberOf[code] = number;
  const numbers = new Uint8Array(count);
  let at = 0;
  eachCodePoint(bytes, (code) => {
    numbers[at++] = numberOf[code] ?? 0;
  });
  return { alphabet: codes.map((code) => String.fromCodePoint(code)), numbers };
}

/** In Unicode. */
const codePoints = 0x11_0000;

function indicesOf(isThere: Uint8Array): number[] {
  const indices: number[] = [];
  for (let at = isThere.indexOf(1); at !== -1; at = isThere.indexOf(1, at + 1)) indices.push(at);
  return indices;
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
