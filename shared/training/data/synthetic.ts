/**
 * Data of the right shapes with nothing in them, for whoever measures how fast a task trains: a benchmark
 * must not download anything. Every sample is a training and a validation sample.
 */
import type { DataSpec } from "../../core/task.ts";
import { createRng } from "../../core/rng.ts";
import type { Rng } from "../../core/rng.ts";
import { pixelsPerImage } from "./data-set.ts";
import type { DataSet, ImageSet, SentenceSet, TableSet, TextSet } from "./data-set.ts";
import { describeData } from "./describe.ts";
import type { ImageDescription, TableDescription, TaggedDescription, TextDescription } from "./describe.ts";

/** @param count samples: images, rows, sentences; for text, windows */
export function syntheticData(spec: DataSpec, count: number): DataSet {
  const description = describeData(spec);
  const rng = createRng(1);
  switch (description.kind) {
    case "images": {
      const { labels: _, ...shape } = description;
      return both(shape, images(description, count, rng));
    }
    case "table": {
      const { labels: _, ...shape } = description;
      return both(shape, rows(description, count, rng));
    }
    case "tagged": {
      const { classes, intents, ...shape } = description;
      const names = { tagNames: numbered("tag", classes), intentNames: numbered("intent", intents) };
      return both({ ...shape, ...names }, sentences(description, count, rng));
    }
  }
  const { classes, ...shape } = description;
  const alphabet = Array.from({ length: classes }, (_, code) => String.fromCodePoint(0x100 + code));
  return both({ ...shape, alphabet }, text(description, count, rng));
}

function both<Shape extends object, Set>(shape: Shape, set: Set) {
  return { ...shape, train: set, validation: set };
}

function images({ shape, classes }: ImageDescription, count: number, rng: Rng): ImageSet {
  return {
    count,
    pixels: bytesBelow(256, count * pixelsPerImage(shape), rng),
    labels: bytesBelow(classes, count, rng),
  };
}

function rows({ columns, classes }: TableDescription, count: number, rng: Rng): TableSet {
  const values = Float32Array.from({ length: count * columns }, () => 2 * rng.float() - 1);
  return { count, values, labels: bytesBelow(classes, count, rng) };
}

function sentences(description: TaggedDescription, count: number, rng: Rng): SentenceSet {
  const { length, words, classes, intents } = description;
  return {
    count,
    // As long as they can be: what such a step takes at most.
    lengths: new Uint8Array(count).fill(length),
    words: Uint16Array.from({ length: count * length }, () => rng.below(words)),
    tags: bytesBelow(classes, count * length, rng),
    intents: bytesBelow(intents, count, rng),
  };
}

function text({ context, classes }: TextDescription, count: number, rng: Rng): TextSet {
  return { count, characters: bytesBelow(classes, count + context, rng) };
}

function bytesBelow(limit: number, count: number, rng: Rng): Uint8Array {
  return Uint8Array.from({ length: count }, () => rng.below(limit));
}

function numbered(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${what} ${index}`);
}
