/** Picture files, and pixels as the model takes them. */
import { element } from "../../shared/page/element.ts";
import type { ImageShape } from "../../shared/training/data/data-set.ts";

const maxFileBytes = 32_000_000;

/** To be closed. @throws Error with one sentence when the file is no picture. */
export async function openPicture(file: File): Promise<ImageBitmap> {
  if (file.size > maxFileBytes) throw new Error("This picture is larger than 32 MB: choose a smaller one.");
  return createImageBitmap(file).catch(() => {
    throw new Error("This file is not a picture that the browser can read.");
  });
}

type Size = Pick<ImageShape, "width" | "height">;

export function drawn(
  { width, height }: Size,
  paint: (context: CanvasRenderingContext2D) => void,
): HTMLCanvasElement {
  const canvas = element("canvas", { width: `${width}`, height: `${height}` });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser cannot draw pictures.");
  paint(context);
  return canvas;
}

/** Red, green, blue, alpha of pixel after pixel. */
export function pixelsOf(canvas: HTMLCanvasElement): Uint8ClampedArray {
  const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
  return data ?? new Uint8ClampedArray();
}

/** The middle of a picture in the model's shape, in colour or grey as the model knows it. */
export async function wholePicture(file: File, shape: ImageShape): Promise<Uint8Array> {
  const picture = await openPicture(file);
  try {
    const scale = Math.max(shape.width / picture.width, shape.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    const canvas = drawn(shape, (context) => {
      // What a picture leaves transparent is seen on paper.
      context.fillStyle = "white";
      context.fillRect(0, 0, shape.width, shape.height);
      context.imageSmoothingQuality = "high";
      context.drawImage(picture, (shape.width - width) / 2, (shape.height - height) / 2, width, height);
    });
    return toChannels(pixelsOf(canvas), shape.channels);
  } finally {
    picture.close();
  }
}

function toChannels(data: Uint8ClampedArray, channels: number): Uint8Array {
  return Uint8Array.from({ length: (data.length / 4) * channels }, (_, i) => {
    const at = 4 * Math.floor(i / channels);
    if (channels > 1) return data[at + (i % channels)] ?? 0;
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
    return Math.round(0.3 * red + 0.59 * green + 0.11 * blue);
  });
}

/** A model's image as people see it: grey or colour. */
export function asSeen(pixels: Uint8Array, { width, height, channels }: ImageShape): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const color = [0, 1, 2].map((channel) => pixels[i * channels + Math.min(channel, channels - 1)] ?? 0);
    image.data.set([...color, 255], 4 * i);
  }
  return image;
}
