/** PNG and JPEG to pixels, the same in Node and in tabs: what a browser decodes by itself differs in small ways. */
import { decode as decodePng } from "fast-png";
import jpeg from "jpeg-js";
import { dataError } from "./data-source.ts";

/** Rows of pixels, `channels` values each: 1 grey, 2 grey and opacity, 3 colours, 4 colours and opacity. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
  /** What white is: 255, or 65,535. */
  readonly largest: number;
}

/** A picture that says it is larger is a bomb or no training image. */
const maxMegapixels = 50;

/** @throws Error with one sentence when the file is neither, or is damaged. */
export function decodeImage(bytes: Uint8Array, file: string): Picture {
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) throw dataError(file, "begins like neither a PNG nor a JPEG at byte 0");
  try {
    return isPng ? png(bytes) : jpegPicture(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw dataError(
      file,
      `this ${isPng ? "PNG" : "JPEG"} of ${bytes.length} bytes can't be decoded (${reason})`,
    );
  }
}

function png(bytes: Uint8Array): Picture {
  // Of the header: before anything of that size is made.
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 24 || header.getUint32(16) * header.getUint32(20) > maxMegapixels * 1e6)
    throw new Error(`no header, or more than ${maxMegapixels} megapixels`);
  const { width, height, data, depth, channels, palette } = decodePng(bytes);
  if (palette) {
    const colours = palette.map((colour) => colour.slice(0, 3));
    const pixels = unpackBits(data, width, height, depth).flatMap((index) => colours[index] ?? [0, 0, 0]);
    return { width, height, channels: 3, data: pixels, largest: 255 };
  }
  if (depth < 8) {
    return { width, height, channels, data: unpackBits(data, width, height, depth), largest: 2 ** depth - 1 };
  }
  return { width, height, channels, data, largest: depth === 16 ? 65_535 : 255 };
}

/** Several pixels share a byte below 8 bits; rows begin with a byte of their own. */
function unpackBits(data: ArrayLike<number>, width: number, height: number, depth: number): number[] {
  const rowBytes = Math.ceil((width * depth) / 8);
  return Array.from({ length: width * height }, (_, pixel) => {
    const bit = (pixel % width) * depth;
    const byte = data[Math.floor(pixel / width) * rowBytes + (bit >> 3)] ?? 0;
    return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  });
}

function jpegPicture(bytes: Uint8Array): Picture {
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false } as const;
  const limits = { maxResolutionInMP: maxMegapixels, maxMemoryUsageInMB: 1024 };
  const { width, height, data } = jpeg.decode(bytes, { ...options, ...limits });
  return { width, height, channels: data.length / (width * height), data, largest: 255 };
}
