/**
 * ATIS, flight questions with a slot tag for each word and an intent for the whole, in the files of Goo et
 * al., "Slot-gated modeling for joint slot filling and intent prediction" (NAACL 2018): `seq.in`, `seq.out`
 * and `label`, line by line the same sentences. Words, tags and intents are numbered in the order of their
 * letters, as the training set has them; what it does not have is unknown.
 */
import type { SentenceSet, TaggedData } from "./data-set.ts";
import { dataError, missingFile } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";
import type { SpecOf } from "./describe.ts";
import type { LoadOptions } from "./load-options.ts";
import { assertEnough, samplesOf } from "./shards.ts";

type Spec = SpecOf<"atis">;
type Part = "train" | "valid" | "test";

const folder = "atis";
const partFiles = (part: Part) => ["seq.in", "seq.out", "label"].map((name) => `${folder}/${part}/${name}`);
/** What training needs; the test split is for who measures in the end. */
export const atisFiles: readonly string[] = [...partFiles("train"), ...partFiles("valid")];

/** Word numbers 0 and 1. */
const padding = 0;
const unknownWord = 1;
/** Tag and intent number 0: never learned, so never right. */
const unknown = "<unknown>";

interface Sentence {
  readonly words: readonly string[];
  readonly tags: readonly string[];
  readonly intent: string;
}

interface Vocabulary {
  readonly words: ReadonlyMap<string, number>;
  readonly tagNames: readonly string[];
  readonly intentNames: readonly string[];
}

export async function loadAtis(spec: Spec, { shard, source }: LoadOptions): Promise<TaggedData> {
  const { sentences, vocabulary } = await readTraining(spec, source);
  const all = encode(sentences, vocabulary, spec);
  const own = await samplesOf(
    shard,
    { count: sentences.length, classes: spec.intents, labels: () => all.intents },
    spec,
  );
  const train = encode(pick(sentences, own), vocabulary, spec);
  const validation = encode(await readPart("valid", source), vocabulary, spec);
  return dataOf(spec, vocabulary, train, validation);
}

export interface TaggedTestSet extends TaggedData {
  /** The tags and intents of `validation` as they stand in the files, also those that training lacks. */
  readonly goldTags: readonly (readonly string[])[];
  readonly goldIntents: readonly string[];
}

/** The test split in `validation`. */
export async function loadAtisTest(spec: Spec, source: DataSource): Promise<TaggedTestSet> {
  const { vocabulary } = await readTraining(spec, source);
  const sentences = await readPart("test", source);
  return {
    ...dataOf(spec, vocabulary, encode([], vocabulary, spec), encode(sentences, vocabulary, spec)),
    goldTags: sentences.map(({ tags }) => tags),
    goldIntents: sentences.map(({ intent }) => intent),
  };
}

/** @throws Error with one sentence about the first thing that is wrong. */
export async function checkAtis(spec: Spec, source: DataSource): Promise<void> {
  await readTraining(spec, source);
  await readPart("valid", source);
}

async function readTraining(spec: Spec, source: DataSource) {
  const sentences = await readPart("train", source);
  assertEnough(`${folder}/train`, sentences.length, spec, "sentences");
  const vocabulary = vocabularyOf(sentences);
  const [wordFile = "", tagFile = "", intentFile = ""] = partFiles("train");
  assertCount(wordFile, "words", vocabulary.words.size + 2, spec.words, "with padding and unknown");
  assertCount(tagFile, "tags", vocabulary.tagNames.length, spec.tags, "with unknown");
  assertCount(intentFile, "intents", vocabulary.intentNames.length, spec.intents, "with unknown");
  return { sentences, vocabulary };
}

function assertCount(
  file: string,
  what: "words" | "tags" | "intents",
  found: number,
  said: number,
  counted: string,
) {
  if (found !== said)
    throw dataError(
      file,
      `has ${found} different ${what} (${counted}), data.${what} is ${said}: set it to ${found}`,
    );
}

async function readPart(part: Part, source: DataSource): Promise<Sentence[]> {
  const [wordFile = "", tagFile = "", intentFile = ""] = partFiles(part);
  const words = await readLines(wordFile, source);
  const tags = await readLines(tagFile, source);
  const intents = await readLines(intentFile, source);
  for (const [file, { length }] of [
    [tagFile, tags],
    [intentFile, intents],
  ] as const)
    if (length !== words.length)
      throw dataError(file, `has ${length} lines, expected are the ${words.length} of ${wordFile}`);
  return words.map((line, index) => {
    const sentence = { words: tokens(line), tags: tokens(tags[index] ?? ""), intent: intents[index] ?? "" };
    const { length } = sentence.words;
    if (sentence.tags.length !== length || length === 0)
      throw dataError(
        tagFile,
        `line ${index + 1} has ${sentence.tags.length} tags, expected is one for each of the ${length} words in ${wordFile}`,
      );
    return sentence;
  });
}

async function readLines(file: string, source: DataSource): Promise<string[]> {
  if ((await source.size(file)) === undefined) throw missingFile(file, source.place);
  const text = new TextDecoder().decode(await source.read(file));
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

function tokens(line: string): string[] {
  return line.split(/\s+/).filter((token) => token !== "");
}

function vocabularyOf(sentences: readonly Sentence[]): Vocabulary {
  const words = distinct(sentences.flatMap((sentence) => sentence.words));
  return {
    words: new Map(words.map((word, index) => [word, index + 2])),
    tagNames: [unknown, ...distinct(sentences.flatMap(({ tags }) => tags))],
    intentNames: [unknown, ...distinct(sentences.map(({ intent }) => intent))],
  };
}

/** In the order of their code units, which no locale changes. */
function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));
}

function pick<Item>(items: readonly Item[], which: Uint32Array): Item[] {
  return Array.from(which, (index) => items[index]).filter((item) => item !== undefined);
}

function encode(sentences: readonly Sentence[], vocabulary: Vocabulary, { length }: Spec): SentenceSet {
  const tagNumbers = new Map(vocabulary.tagNames.map((name, index) => [name, index]));
  const intentNumbers = new Map(vocabulary.intentNames.map((name, index) => [name, index]));
  const count = sentences.length;
  const set = {
    count,
    words: new Uint16Array(count * length).fill(padding),
    tags: new Uint8Array(count * length),
    lengths: Uint8Array.from(sentences, ({ words }) => Math.min(words.length, length)),
    intents: Uint8Array.from(sentences, ({ intent }) => intentNumbers.get(intent) ?? 0),
  };
  for (const [row, { words, tags }] of sentences.entries()) {
    for (let at = 0; at < Math.min(words.length, length); at++) {
      set.words[row * length + at] = vocabulary.words.get(words[at] ?? "") ?? unknownWord;
      set.tags[row * length + at] = tagNumbers.get(tags[at] ?? "") ?? 0;
    }
  }
  return set;
}

function dataOf(spec: Spec, vocabulary: Vocabulary, train: SentenceSet, validation: SentenceSet): TaggedData {
  const { tagNames, intentNames } = vocabulary;
  return { kind: "tagged", length: spec.length, words: spec.words, tagNames, intentNames, train, validation };
}
