/**
 * PNG (https://www.w3.org/TR/png-3) to pixels by fast-png, which unpacks whatever a file holds: here a file is
 * looked at first. Only what pixels need reaches it (colour profiles and texts do not), and only when that
 * unpacks to exactly what the header says, so that no picture costs more than its size.
 */
import { decode } from "fast-png";
import type { Picture } from "./decode-image.ts";

/** What a picture of these sides costs is the caller's to judge, before anything of that size is made. */
export type AssertSize = (width: number, height: number) => void;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: number;
  readonly isInterlaced: boolean;
}

interface Parts {
  readonly header: Header;
  /** The beginning and the chunks that pixels need. */
  readonly needed: readonly Uint8Array[];
  readonly compressed: readonly Uint8Array[];
}

const beginningBytes = 8;
/** Length, type and checksum of a chunk. */
const frameBytes = 12;
const neededTypes: readonly string[] = ["IHDR", "PLTE", "IDAT", "IEND"];

/** @throws (rejects) Error that says what is wrong. */
export async function decodePng(bytes: Uint8Array, assertSize: AssertSize): Promise<Picture> {
  const { header, needed, compressed } = readParts(bytes, assertSize);
  await assertUnpacksTo(rowsBytes(header), compressed);
  const { width, height, data, depth, channels, palette } = decode(joined(needed));
  const samples = depth < 8 ? separate(data, width * channels, height, depth) : data;
  if (!palette) return { width, height, channels, data: typed(samples), largest: 2 ** depth - 1 };
  return { width, height, channels: 3, data: coloured(samples, palette), largest: 255 };
}

function readParts(bytes: Uint8Array, assertSize: AssertSize): Parts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const needed = [bytes.subarray(0, beginningBytes)];
  const compressed: Uint8Array[] = [];
  let header: Header | undefined;
  for (let at = beginningBytes; at + frameBytes <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (at + frameBytes + length > bytes.length) break;
    if ((type === "IHDR") !== (header === undefined)) throw new Error(`${type} at byte ${at}`);
    if (type === "IHDR") header = readHeader(content, assertSize);
    if (type === "IDAT") compressed.push(content);
    if (neededTypes.includes(type)) needed.push(bytes.subarray(at, at + frameBytes + length));
    if (type === "IEND" && header) return { header, needed, compressed };
    at += frameBytes + length;
  }
  throw new Error("it is cut off");
}

const samplesOfType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function readHeader(content: Uint8Array, assertSize: AssertSize): Header {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  if (content.length !== 13) throw new Error("it has no header");
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  assertSize(width, height);
  const [depth = 0, type = 0, compression, filter, interlacing = 0] = content.subarray(8);
  const samples = samplesOfType[type];
  const depths = type === 3 ? [1, 2, 4, 8] : type === 0 ? [1, 2, 4, 8, 16] : [8, 16];
  if (samples === undefined || !depths.includes(depth))
    throw new Error(`colour type ${type} with ${depth} bits`);
  if (compression !== 0 || filter !== 0 || interlacing > 1) throw new Error("an unknown method");
  const isInterlaced = interlacing === 1;
  if (isInterlaced && depth < 8)
    throw new Error(`interlaced with ${depth} bits: save it without interlacing`);
  return { width, height, bitsPerPixel: samples * depth, isInterlaced };
}

/** First column and row, and steps to the next ones, of the seven passes of an interlaced picture. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Of all rows with the byte before each. */
function rowsBytes({ width, height, bitsPerPixel, isInterlaced }: Header): number {
  const passes = isInterlaced ? adam7 : ([[0, 0, 1, 1]] as const);
  return passes.reduce((sum, [x, y, stepX, stepY]) => {
    const columns = Math.ceil((width - x) / stepX);
    const rows = Math.ceil((height - y) / stepY);
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * bitsPerPixel) / 8)) : sum;
  }, 0);
}

/** Chromium unpacks a piece at once, a thousandfold at most. */
const pieceBytes = 16 * 1024;

async function assertUnpacksTo(expected: number, compressed: readonly Uint8Array[]): Promise<void> {
  const pieces = piecesOf(compressed);
  const packed = new ReadableStream<BufferSource>({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream("deflate")).getReader();
  let unpacked = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    unpacked += next.value.length;
    if (unpacked <= expected) continue;
    reader.cancel().catch(() => {});
    throw new Error(`its pixels go on after byte ${expected}`);
  }
  if (unpacked < expected) throw new Error(`its pixels end at byte ${unpacked} of ${expected}`);
}

function* piecesOf(compressed: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const chunk of compressed)
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.slice(at, at + pieceBytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Samples that share bytes; each row begins with a byte of its own. */
function separate(data: ArrayLike<number>, columns: number, rows: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((columns * depth) / 8);
  const samples = new Uint8Array(columns * rows);
  for (let at = 0; at < samples.length; at++) {
    const bit = (at % columns) * depth;
    const byte = data[Math.floor(at / columns) * rowBytes + (bit >> 3)] ?? 0;
    samples[at] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  }
  return samples;
}

function typed(samples: Uint8Array | Uint8ClampedArray | Uint16Array): Uint8Array | Uint16Array {
  return samples instanceof Uint8ClampedArray ? new Uint8Array(samples) : samples;
}

/** Numbers beyond the palette are black. */
function coloured(numbers: ArrayLike<number>, palette: readonly (readonly number[])[]): Uint8Array {
  const data = new Uint8Array(3 * numbers.length);
  for (let pixel = 0; pixel < numbers.length; pixel++)
    for (let channel = 0; channel < 3; channel++)
      data[3 * pixel + channel] = palette[numbers[pixel] ?? 0]?.[channel] ?? 0;
  return data;
}
