/** A picture file as one of the model's images: grey, the thing in it in the middle and as large as there. */
import { element } from "../../shared/page/element.ts";
import type { ImageShape } from "../../shared/training/data/data-set.ts";

/** The picture is looked at in this size to find what is in it. */
const lookSize = 128;
/** Share of the image's height that the thing fills. */
const fill = 0.68;
const maxFileBytes = 32_000_000;

/** @throws Error with one sentence when the file is no picture. */
export async function pictureImage(file: File, shape: ImageShape): Promise<Uint8Array> {
  if (file.size > maxFileBytes) throw new Error("This picture is larger than 32 MB: choose a smaller one.");
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error("This file is not a picture that the browser can read.");
  });
  try {
    const scale = lookSize / Math.max(picture.width, picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    const whole = draw(lookSize, lookSize, (context) => {
      context.drawImage(picture, (lookSize - width) / 2, (lookSize - height) / 2, width, height);
    });
    return fit(whole, shape);
  } finally {
    picture.close();
  }
}

function fit(whole: HTMLCanvasElement, shape: ImageShape): Uint8Array {
  const ink = inkOf(whole);
  const box = boxOf(ink);
  const scale = (fill * shape.height) / Math.max(box.bottom - box.top, box.right - box.left, 1);
  const left = shape.width / 2 - ((box.left + box.right) / 2) * scale;
  const top = shape.height / 2 - ((box.top + box.bottom) / 2) * scale;
  const small = draw(shape.width, shape.height, (context) => {
    context.imageSmoothingQuality = "high";
    context.drawImage(whole, left, top, lookSize * scale, lookSize * scale);
  });
  return stretched(inkOf(small));
}

function draw(width: number, height: number, paint: (context: CanvasRenderingContext2D) => void) {
  const canvas = element("canvas", { width: `${width}`, height: `${height}` });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser cannot draw pictures.");
  paint(context);
  return canvas;
}

/** How much each pixel differs from the background, which most of the edge is. */
function inkOf(canvas: HTMLCanvasElement): Uint8Array {
  const { width, height } = canvas;
  const data = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
  const grey = Float32Array.from({ length: width * height }, (_, i) => greyAt(data, 4 * i));
  const edge = [...grey].filter((_, i) => i < width || i >= width * (height - 1) || i % width === 0);
  const background = edge.filter((value) => value >= 0).toSorted((a, b) => a - b)[edge.length >> 1] ?? 255;
  return Uint8Array.from(grey, (value) => (value < 0 ? 0 : Math.abs(value - background)));
}

/** Negative where the picture has nothing. */
function greyAt(data: Uint8ClampedArray, at: number): number {
  const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(at, at + 4);
  return alpha < 128 ? -1 : 0.3 * red + 0.59 * green + 0.11 * blue;
}

function boxOf(ink: Uint8Array) {
  const enough = 0.4 * ink.reduce((a, b) => Math.max(a, b), 0);
  const box = { left: lookSize, right: 0, top: lookSize, bottom: 0 };
  for (const [i, value] of ink.entries()) {
    if (value <= enough) continue;
    box.left = Math.min(box.left, i % lookSize);
    box.right = Math.max(box.right, (i % lookSize) + 1);
    box.top = Math.min(box.top, Math.floor(i / lookSize));
    box.bottom = Math.max(box.bottom, Math.floor(i / lookSize) + 1);
  }
  return box.right > box.left ? box : { left: 0, right: lookSize, top: 0, bottom: lookSize };
}

/** Pencil on paper is grey; what the model learned from is not. */
function stretched(ink: Uint8Array): Uint8Array {
  const most = Math.max(
    1,
    ink.reduce((a, b) => Math.max(a, b), 0),
  );
  return ink.map((value) => Math.round((255 * value) / most));
}
