/**
 * What a task's data look like, without reading them: models are laid out by this alone, and whoever loads
 * the files checks them against it.
 */
import type { DataSpec } from "../../core/task.ts";
import type { ImageData, ImageShape } from "./data-set.ts";
import { glyphClasses, glyphShape } from "./glyphs.ts";

export interface ImageDescription extends Pick<
  ImageData,
  "kind" | "shape" | "normalization" | "augmentation"
> {
  /** How many answers the model chooses from. */
  readonly classes: number;
  /** What each class is called, in the order of the model's outputs. */
  readonly labels: readonly string[];
}

export interface TableDescription {
  readonly kind: "table";
  readonly columns: number;
  readonly classes: number;
  readonly labels: readonly string[];
}

export interface TaggedDescription {
  readonly kind: "tagged";
  /** Words in a sentence, at most. */
  readonly length: number;
  readonly words: number;
  /** Slot tags, one of which each word gets. */
  readonly classes: number;
  readonly intents: number;
}

export interface TextDescription {
  readonly kind: "text";
  readonly context: number;
  /** Different characters. */
  readonly classes: number;
}

export type DataDescription = ImageDescription | TableDescription | TaggedDescription | TextDescription;

export type SpecOf<Kind extends DataSpec["kind"]> = Extract<DataSpec, { readonly kind: Kind }>;

export const cifar10: Omit<ImageDescription, "augmentation"> = {
  kind: "images",
  shape: { height: 32, width: 32, channels: 3 },
  classes: 10,
  labels: "airplane automobile bird cat deer dog frog horse ship truck".split(" "),
  // Of the 50,000 training images: measured here, and the figures that everybody uses.
  normalization: { mean: [0.4914, 0.4822, 0.4465], deviation: [0.247, 0.2435, 0.2616] },
};

export const mnist: ImageDescription = {
  kind: "images",
  shape: { height: 28, width: 28, channels: 1 },
  classes: 10,
  labels: digits(10),
  normalization: { mean: [0.1307], deviation: [0.3081] },
  augmentation: "none",
};

const glyphs: ImageDescription = {
  kind: "images",
  shape: glyphShape,
  classes: glyphClasses,
  labels: digits(glyphClasses),
  augmentation: "none",
};

export function describeData(spec: DataSpec): DataDescription {
  switch (spec.kind) {
    case "glyphs":
      return glyphs;
    case "cifar10":
      return { ...cifar10, augmentation: spec.augmentation };
    case "mnist":
      return mnist;
    case "images":
      return describeImages(spec);
    case "csv":
      return {
        kind: "table",
        columns: spec.columns,
        classes: spec.classes.length,
        labels: spec.classes,
      };
    case "atis":
      return {
        kind: "tagged",
        length: spec.length,
        words: spec.words,
        classes: spec.tags,
        intents: spec.intents,
      };
  }
  return { kind: "text", context: spec.context, classes: spec.characters };
}

export function describeImages(spec: SpecOf<"images">): ImageDescription {
  const shape: ImageShape = { height: spec.height, width: spec.width, channels: spec.channels };
  const perChannel = (value: number) => Array.from({ length: spec.channels }, () => value);
  return {
    kind: "images",
    shape,
    classes: spec.classes.length,
    labels: spec.classes,
    // Photographs have about these; the folder's own would have to be measured over all of it.
    normalization: { mean: perChannel(0.5), deviation: perChannel(0.25) },
    augmentation: spec.augmentation,
  };
}

function digits(count: number): string[] {
  return Array.from({ length: count }, (_, digit) => `${digit}`);
}
