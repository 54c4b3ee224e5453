/**
 * The shapes in which data reach the trainer. `train` is this peer's own shard; `validation` is the same for
 * every peer and never among anybody's training samples. Bytes stay bytes: a quarter of the memory of floats.
 */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface ImageSet {
  readonly count: number;
  /** Image after image, rows of pixels, channels last (NHWC); 0 = background. */
  readonly pixels: Uint8Array;
  /** Class of each image, 0 … classes−1. */
  readonly labels: Uint8Array;
}

export interface ImageData {
  readonly kind: "images";
  readonly shape: ImageShape;
  readonly classes: number;
  readonly train: ImageSet;
  readonly validation: ImageSet;
  /** Taken from pixels / 255 before the model sees them, per channel; absent: 0 and 1. */
  readonly normalization?: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
  /** `crop-flip`: pad by 4, crop at random, mirror half of the images (training only). */
  readonly augmentation: "none" | "crop-flip";
}

export interface TableSet {
  readonly count: number;
  /** Row after row. */
  readonly values: Float32Array;
  readonly labels: Uint8Array;
}

export interface TableData {
  readonly kind: "table";
  readonly columns: number;
  readonly classes: number;
  readonly train: TableSet;
  readonly validation: TableSet;
}

export interface SentenceSet {
  readonly count: number;
  /** `length` word numbers for each sentence; what is beyond its end is 0. */
  readonly words: Uint16Array;
  /** `length` slot tags for each sentence. */
  readonly tags: Uint8Array;
  /** Words in each sentence, at most `length`. */
  readonly lengths: Uint8Array;
  readonly intents: Uint8Array;
}

/** Sentences with a tag for every word and an intent for the whole. */
export interface TaggedData {
  readonly kind: "tagged";
  readonly length: number;
  readonly words: number;
  readonly tagNames: readonly string[];
  readonly intentNames: readonly string[];
  readonly train: SentenceSet;
  readonly validation: SentenceSet;
}

export interface TextSet {
  /** Windows of context + 1 characters, spread evenly: at every place in training. */
  readonly count: number;
  /** Character numbers, one after the other. */
  readonly characters: Uint8Array;
  /**
   * Each window begins where the one before it ends. The last one lies where it just fits in, and what it
   * shares with the one before is not counted again.
   */
  readonly isTiled?: boolean;
}

/** Running text: learn each next character from the `context` before it. */
export interface TextData {
  readonly kind: "text";
  readonly context: number;
  /** Different characters; the index is their number. */
  readonly alphabet: readonly string[];
  readonly train: TextSet;
  readonly validation: TextSet;
}

export type DataSet = ImageData | TableData | TaggedData | TextData;

export function pixelsPerImage(shape: ImageShape): number {
  return shape.height * shape.width * shape.channels;
}
