/** PNG and JPEG to pixels, the same in Node and in tabs: what a browser decodes by itself differs in small ways. */
import jpeg from "jpeg-js";
import { dataError } from "./data-source.ts";
import { decodePng } from "./decode-png.ts";

/** Rows of pixels, `channels` values each: 1 grey, 2 grey and opacity, 3 colours, 4 colours and opacity. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array;
  /** What white is: 255, or 65,535. */
  readonly largest: number;
}

/** A picture that says it is larger is a bomb or no training image: a JPEG of so many takes 0.9 GB. */
const maxMegapixels = 25;

/** @throws (rejects) Error with one sentence when the file is neither, or is damaged. */
export async function decodeImage(bytes: Uint8Array, file: string): Promise<Picture> {
  const isPng = pngBeginning.every((byte, at) => bytes[at] === byte);
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) throw dataError(file, "begins like neither a PNG nor a JPEG at byte 0");
  try {
    return isPng ? await decodePng(bytes, assertSize) : jpegPicture(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw dataError(
      file,
      `this ${isPng ? "PNG" : "JPEG"} of ${bytes.length} bytes can't be decoded (${reason})`,
    );
  }
}

const pngBeginning = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function assertSize(width: number, height: number): void {
  if (width === 0 || height === 0) throw new Error("it has no pixels");
  if (width * height > maxMegapixels * 1e6) throw new Error(`it has more than ${maxMegapixels} megapixels`);
}

function jpegPicture(bytes: Uint8Array): Picture {
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const limits = { maxResolutionInMP: maxMegapixels, maxMemoryUsageInMB: 640 };
  const { width, height, data } = jpeg.decode(bytes, { ...options, ...limits });
  assertSize(width, height);
  return { width, height, channels: data.length / (width * height), data, largest: 255 };
}
