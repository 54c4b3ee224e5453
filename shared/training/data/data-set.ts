/** Labelled grey images, the one shape in which every data set reaches the trainer. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface ImageSet {
  readonly count: number;
  /** One byte per pixel (0 = background), image after image: a quarter of the memory of floats. */
  readonly pixels: Uint8Array;
  /** Class of each image, 0 … classes−1. */
  readonly labels: Uint8Array;
}

export interface DataSet {
  readonly shape: ImageShape;
  readonly classes: number;
  /** This peer's training images. */
  readonly train: ImageSet;
  /** The same for every peer, never among anybody's training images. */
  readonly validation: ImageSet;
}

export function pixelsPerImage(shape: ImageShape): number {
  return shape.height * shape.width * shape.channels;
}
