/** A picture file as one of the model's glyphs: grey, the thing in it in the middle and as large as there. */
import type { ImageShape } from "../../shared/training/data/data-set.ts";
import { drawn, openPicture, pixelsOf } from "./picture.ts";

/** The picture's longer side is looked at in this size to find what is in it. */
const lookSize = 128;
/** Share of the image's height that the thing fills. */
const fill = 0.68;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** @throws Error with one sentence when the file is no picture. */
export async function glyphPicture(file: File, shape: ImageShape): Promise<Uint8Array> {
  const picture = await openPicture(file);
  try {
    const scale = lookSize / Math.max(picture.width, picture.height);
    const size = { width: sideOf(picture.width * scale), height: sideOf(picture.height * scale) };
    const whole = drawn(size, (context) => context.drawImage(picture, 0, 0, size.width, size.height));
    return fit(whole, shape);
  } finally {
    picture.close();
  }
}

const sideOf = (length: number) => Math.max(1, Math.round(length));

function fit(whole: HTMLCanvasElement, shape: ImageShape): Uint8Array {
  const grey = greyOf(whole);
  const background = backgroundOf(grey, whole);
  const box = boxOf(inkOf(grey, background), whole);
  const scale = (fill * shape.height) / Math.max(box.bottom - box.top, box.right - box.left, 1);
  const left = shape.width / 2 - ((box.left + box.right) / 2) * scale;
  const top = shape.height / 2 - ((box.top + box.bottom) / 2) * scale;
  const small = drawn(shape, (context) => {
    context.imageSmoothingQuality = "high";
    context.drawImage(whole, left, top, whole.width * scale, whole.height * scale);
  });
  return stretched(inkOf(greyOf(small), background));
}

/** Negative where the picture has nothing: beside it, or where it is transparent. */
function greyOf(canvas: HTMLCanvasElement): Float32Array {
  const data = pixelsOf(canvas);
  return Float32Array.from({ length: data.length / 4 }, (_, i) => {
    const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(4 * i, 4 * i + 4);
    return alpha < 128 ? -1 : 0.3 * red + 0.59 * green + 0.11 * blue;
  });
}

/** Most of the picture's edge; paper where there is none. */
function backgroundOf(grey: Float32Array, { width, height }: HTMLCanvasElement): number {
  const isEdge = (i: number) =>
    i < width || i >= width * (height - 1) || i % width === 0 || i % width === width - 1;
  const edge = grey.filter((value, i) => value >= 0 && isEdge(i)).toSorted();
  return edge[edge.length >> 1] ?? 255;
}

function inkOf(grey: Float32Array, background: number): Uint8Array {
  return Uint8Array.from(grey, (value) => (value < 0 ? 0 : Math.abs(value - background)));
}

function boxOf(ink: Uint8Array, { width, height }: HTMLCanvasElement): Box {
  const enough = 0.4 * ink.reduce((a, b) => Math.max(a, b), 0);
  const box = { left: width, right: 0, top: height, bottom: 0 };
  for (const [i, value] of ink.entries()) {
    if (value <= enough) continue;
    box.left = Math.min(box.left, i % width);
    box.right = Math.max(box.right, (i % width) + 1);
    box.top = Math.min(box.top, Math.floor(i / width));
    box.bottom = Math.max(box.bottom, Math.floor(i / width) + 1);
  }
  return box.right > box.left ? box : { left: 0, right: width, top: 0, bottom: height };
}

/** Pencil on paper is grey; what the model learned from is not. */
function stretched(ink: Uint8Array): Uint8Array {
  const most = Math.max(
    1,
    ink.reduce((a, b) => Math.max(a, b), 0),
  );
  return ink.map((value) => Math.round((255 * value) / most));
}
