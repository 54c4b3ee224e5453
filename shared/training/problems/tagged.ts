/**
 * The tag of every word of a sentence, and its intent. The loss is the sum of both; a `Validation` counts
 * the tags alone. In training some words are shown as unknown ones, else the model would never have seen
 * any: the training sentences are made of known words.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../core/rng.ts";
import type { SentenceSet, TaggedData } from "../data/data-set.ts";
import type { Sentences, Tagger } from "../models/lstm.ts";
import { crossEntropy } from "../ops/cross-entropy.ts";
import type { Problem } from "../problem.ts";
import { bestOf, noLabel, score } from "./score.ts";

/** As data/atis.ts numbers it. */
const unknownWord = 1;

export function createTaggedProblem(model: Tagger, data: TaggedData): Problem {
  const { train, validation, length } = data;
  const { dropout, hideWords } = model.regularization;
  const chances = hidingChances(train, data.words, hideWords);

  return {
    parameters: model.parameters,
    trainCount: train.count,
    validationCount: validation.count,
    loss(which, trained, { rng }) {
      const batch = arrange(train, length, which, (word) => rng.float() < (chances[word] ?? 0));
      const drop = (values: tf.Tensor2D) =>
        dropout === 0 ? values : tf.mul<tf.Tensor2D>(values, mask(values.shape, dropout, rng));
      const { tags, intents } = model.logits(tensorsOf(batch), trained, drop);
      return tf.add(
        crossEntropy(tags, tf.tensor1d(batch.tags, "int32")),
        crossEntropy(intents, tf.tensor1d(batch.intents, "int32")),
      );
    },
    evaluate(which, parameters) {
      const batch = arrange(validation, length, which);
      const tags = tf.tidy(() => model.logits(tensorsOf(batch), parameters).tags);
      return score(tags, batch.tags);
    },
  };
}

export interface Tags {
  /** `length` tags for each sentence, as in a SentenceSet. */
  readonly tags: Uint8Array;
  readonly intents: Uint8Array;
}

/** What the model says of some sentences. */
export async function predictTags(
  model: Tagger,
  set: SentenceSet,
  length: number,
  which: Uint32Array,
  parameters: readonly tf.Tensor[],
): Promise<Tags> {
  const batch = arrange(set, length, which);
  const logits = tf.tidy(() => model.logits(tensorsOf(batch), parameters));
  const [best, intents] = await Promise.all([bestOf(logits.tags), bestOf(logits.intents)]);
  const tags = new Uint8Array(which.length * length);
  for (let at = 0; at < best.length; at++)
    tags[(at % which.length) * length + Math.floor(at / which.length)] = best[at] ?? 0;
  return { tags, intents };
}

/** For each word. */
function hidingChances(set: SentenceSet, words: number, odds: number): Float64Array {
  const counts = new Float64Array(words);
  for (const word of set.words) counts[word] = (counts[word] ?? 0) + 1;
  return counts.map((count) => (odds === 0 ? 0 : odds / (odds + count)));
}

/** Some sentences, time-major, as far as the longest of them goes. */
interface Batch {
  readonly count: number;
  readonly length: number;
  readonly words: Int32Array;
  readonly reversedWords: Int32Array;
  readonly reversedPlaces: Int32Array;
  readonly ends: Int32Array;
  readonly tags: Int32Array;
  readonly intents: Int32Array;
}

/** @param isHidden which words are shown as unknown ones; absent: none */
function arrange(
  set: SentenceSet,
  stride: number,
  which: Uint32Array,
  isHidden: (word: number) => boolean = () => false,
): Batch {
  const count = which.length;
  const lengths = Array.from(which, (sentence) => set.lengths[sentence] ?? 0);
  const length = Math.max(1, ...lengths);
  const words = new Int32Array(length * count);
  const reversedWords = new Int32Array(length * count);
  const tags = new Int32Array(length * count).fill(noLabel);
  // Padding stays where it is.
  const reversedPlaces = Int32Array.from(words, (_, place) => place);
  for (const [row, sentence] of which.entries()) {
    const end = lengths[row] ?? 0;
    for (let step = 0; step < end; step++) {
      const place = step * count + row;
      const mirrored = (end - 1 - step) * count + row;
      const word = set.words[sentence * stride + step] ?? 0;
      words[place] = isHidden(word) ? unknownWord : word;
      reversedWords[mirrored] = words[place] ?? 0;
      reversedPlaces[place] = mirrored;
      tags[place] = set.tags[sentence * stride + step] ?? noLabel;
    }
  }
  return {
    count,
    length,
    words,
    reversedWords,
    reversedPlaces,
    ends: Int32Array.from(lengths, (end, row) => Math.max(0, end - 1) * count + row),
    tags,
    intents: Int32Array.from(which, (sentence) => set.intents[sentence] ?? 0),
  };
}

function tensorsOf(batch: Batch): Sentences {
  const { count, length } = batch;
  return {
    count,
    length,
    words: tf.tensor1d(batch.words, "int32"),
    reversedWords: tf.tensor1d(batch.reversedWords, "int32"),
    reversedPlaces: tf.tensor1d(batch.reversedPlaces, "int32"),
    ends: tf.tensor1d(batch.ends, "int32"),
  };
}

/** 0 for what is dropped, the rest scaled so that sums stay as they are. */
function mask(shape: [number, number], dropRate: number, rng: Rng): tf.Tensor2D {
  const kept = 1 / (1 - dropRate);
  const limit = dropRate * 0x1_0000_0000;
  const values = new Float32Array(shape[0] * shape[1]);
  for (let i = 0; i < values.length; i++) values[i] = rng.u32() < limit ? 0 : kept;
  return tf.tensor2d(values, shape);
}
