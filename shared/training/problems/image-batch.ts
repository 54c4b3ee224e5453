/** From bytes to the images that a model sees: normalized and, in training, cropped and mirrored. */
import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../core/rng.ts";
import type { ImageData, ImageSet, ImageShape } from "../data/data-set.ts";
import { pixelsPerImage } from "../data/data-set.ts";

/** Of `crop-flip`: as He et al. 2015 (§4.2) augment CIFAR-10. */
const padding = 4;

/** 256 floats for each channel: what a byte of it becomes. */
export type ByteTable = Float32Array;

export function byteTable({ shape, normalization }: Pick<ImageData, "shape" | "normalization">): ByteTable {
  const table = new Float32Array(256 * shape.channels);
  for (let channel = 0; channel < shape.channels; channel++) {
    const mean = normalization?.mean[channel] ?? 0;
    const deviation = normalization?.deviation[channel] ?? 1;
    for (let byte = 0; byte < 256; byte++) table[256 * channel + byte] = (byte / 255 - mean) / deviation;
  }
  return table;
}

/** Where an image is taken from: `down` and `right` pixels further, mirrored or not. */
interface Place {
  readonly down: number;
  readonly right: number;
  readonly isMirrored: boolean;
}

const asItIs: Place = { down: 0, right: 0, isMirrored: false };

/**
 * The images `which` as [n, height, width, channels]. What a crop takes from beyond the edge is 0: the mean.
 * @param rng cropped and mirrored by it; absent: as they are
 */
export function imageTensor(
  set: Pick<ImageSet, "pixels">,
  shape: ImageShape,
  table: ByteTable,
  which: Uint32Array,
  rng?: Rng,
): tf.Tensor4D {
  const size = pixelsPerImage(shape);
  const values = new Float32Array(which.length * size);
  for (let row = 0; row < which.length; row++) {
    const start = (which[row] ?? 0) * size;
    const place = rng ? randomPlace(rng) : asItIs;
    copyImage(set.pixels, start, values, row * size, shape, table, place);
  }
  return tf.tensor4d(values, [which.length, shape.height, shape.width, shape.channels]);
}

function randomPlace(rng: Rng): Place {
  const shift = () => rng.below(2 * padding + 1) - padding;
  return { down: shift(), right: shift(), isMirrored: rng.below(2) === 1 };
}

function copyImage(
  pixels: Uint8Array,
  start: number,
  values: Float32Array,
  at: number,
  { height, width, channels }: ImageShape,
  table: ByteTable,
  { down, right, isMirrored }: Place,
): void {
  const firstRow = Math.max(0, -down);
  const endRow = Math.min(height, height - down);
  const firstColumn = Math.max(0, -right);
  const endColumn = Math.min(width, width - right);
  for (let row = firstRow; row < endRow; row++) {
    const line = start + (row + down) * width * channels;
    for (let column = firstColumn; column < endColumn; column++) {
      let from = line + (column + right) * channels;
      let to = at + (row * width + (isMirrored ? width - 1 - column : column)) * channels;
      for (let entry = 0; entry < table.length; entry += 256)
        values[to++] = table[entry + (pixels[from++] ?? 0)] ?? 0;
    }
  }
}
