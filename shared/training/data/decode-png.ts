/**
 * PNG (https://www.w3.org/TR/png-3) to pixels: all colour types and depths, interlaced or not. What is made
 * is as large as the header says and no larger, whatever else the file holds; colour profiles, texts and
 * single transparent colours are passed over.
 */
import type { Picture } from "./decode-image.ts";

/** What a picture of these sides costs is the caller's to judge, before anything of that size is made. */
export type AssertSize = (width: number, height: number) => void;

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits of one sample. */
  readonly depth: number;
  readonly hasPalette: boolean;
  readonly samplesPerPixel: number;
  readonly isInterlaced: boolean;
}

interface Chunks {
  readonly header: Header;
  readonly palette: Uint8Array;
  readonly compressed: readonly Uint8Array[];
}

/** Every so many columns and rows of the picture, from one of them on. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
}

const whole: readonly Pass[] = [{ x: 0, y: 0, stepX: 1, stepY: 1 }];
const adam7: readonly Pass[] = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];

/** @throws Error that says what is wrong. */
export async function decodePng(bytes: Uint8Array, assertSize: AssertSize): Promise<Picture> {
  const { header, palette, compressed } = readChunks(bytes, assertSize);
  const passes = passesOf(header);
  const expected = passes.reduce((sum, { height, rowBytes }) => sum + height * (1 + rowBytes), 0);
  const rows = await inflate(compressed, expected);
  const { width, height, depth, samplesPerPixel } = header;
  const count = width * height * samplesPerPixel;
  const samples = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  let at = 0;
  for (const pass of passes) at = unpackPass(rows, at, pass, header, samples);
  if (header.hasPalette)
    return { width, height, channels: 3, data: coloured(samples, palette), largest: 255 };
  return { width, height, channels: samplesPerPixel, data: samples, largest: 2 ** depth - 1 };
}

function readChunks(bytes: Uint8Array, assertSize: AssertSize): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const compressed: Uint8Array[] = [];
  let header: Header | undefined;
  let palette = new Uint8Array();
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (at + 12 + length > bytes.length) break;
    if ((type === "IHDR") !== (header === undefined)) throw new Error(`${type} at byte ${at}`);
    if (type === "IHDR") header = readHeader(content, assertSize);
    if (type === "PLTE") palette = content.slice(0, 768);
    if (type === "IDAT") compressed.push(content);
    if (type === "IEND" && header) return { header, palette, compressed };
    at += 12 + length;
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
  return {
    width,
    height,
    depth,
    hasPalette: type === 3,
    samplesPerPixel: samples,
    isInterlaced: interlacing === 1,
  };
}

function passesOf({ width, height, depth, samplesPerPixel, isInterlaced }: Header) {
  return (isInterlaced ? adam7 : whole)
    .map((pass) => {
      const columns = Math.ceil((width - pass.x) / pass.stepX);
      const rows = Math.ceil((height - pass.y) / pass.stepY);
      const rowBytes = Math.ceil((columns * samplesPerPixel * depth) / 8);
      return { ...pass, width: columns, height: rows, rowBytes };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
}

/** Chromium unpacks a piece at once, a thousandfold at most. */
const pieceBytes = 16 * 1024;

/** The first `expected` bytes; what would come after them is not unpacked. */
async function inflate(compressed: readonly Uint8Array[], expected: number): Promise<Uint8Array> {
  const pieces = piecesOf(compressed);
  const packed = new ReadableStream<BufferSource>({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream("deflate")).getReader();
  const rows = new Uint8Array(expected);
  let done = 0;
  while (done < expected) {
    const next = await reader.read();
    if (next.done) throw new Error(`its pixels end at byte ${done} of ${expected}`);
    rows.set(next.value.subarray(0, expected - done), done);
    done += next.value.length;
  }
  // Whether the rest is damaged is nobody's concern.
  reader.cancel().catch(() => {});
  return rows;
}

function* piecesOf(compressed: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const chunk of compressed)
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.slice(at, at + pieceBytes);
}

/** From `at` on; returns where the next pass begins. */
function unpackPass(
  rows: Uint8Array,
  at: number,
  pass: ReturnType<typeof passesOf>[number],
  { width, depth, samplesPerPixel }: Header,
  samples: Uint8Array | Uint16Array,
): number {
  const { rowBytes } = pass;
  const pixelBytes = Math.max(1, (samplesPerPixel * depth) / 8);
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let row = 0; row < pass.height; row++) {
    const begin = at + row * (1 + rowBytes);
    const line = rows.subarray(begin + 1, begin + 1 + rowBytes);
    unfilter(rows[begin] ?? 0, line, above, pixelBytes);
    above = line;
    const target = (pass.y + row * pass.stepY) * width + pass.x;
    if (depth === 8 && pass.stepX === 1) samples.set(line, target * samplesPerPixel);
    else scatter(line, target, pass, { depth, samplesPerPixel }, samples);
  }
  return at + pass.height * (1 + rowBytes);
}

function scatter(
  line: Uint8Array,
  target: number,
  { width, stepX }: Pick<Pass, "stepX"> & { readonly width: number },
  { depth, samplesPerPixel }: Pick<Header, "depth" | "samplesPerPixel">,
  samples: Uint8Array | Uint16Array,
): void {
  for (let column = 0; column < width; column++) {
    const pixel = (target + column * stepX) * samplesPerPixel;
    for (let sample = 0; sample < samplesPerPixel; sample++)
      samples[pixel + sample] = sampleAt(line, column * samplesPerPixel + sample, depth);
  }
}

function sampleAt(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index] ?? 0;
  if (depth === 16) return 256 * (line[2 * index] ?? 0) + (line[2 * index + 1] ?? 0);
  const bit = index * depth;
  return ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** In place: bytes are stored as differences to what their neighbours make likely. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  if (filter > 4) throw new Error(`a row has filter ${filter}`);
  if (filter === 0) return;
  for (let at = 0; at < line.length; at++) {
    const own = line[at] ?? 0;
    const up = above[at] ?? 0;
    // What is left of the first pixel counts as 0.
    const left = at < step ? 0 : (line[at - step] ?? 0);
    if (filter === 1) line[at] = own + left;
    else if (filter === 2) line[at] = own + up;
    else if (filter === 3) line[at] = own + ((left + up) >> 1);
    else line[at] = own + paeth(left, up, at < step ? 0 : (above[at - step] ?? 0));
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const toLeft = Math.abs(up - upLeft);
  const toUp = Math.abs(left - upLeft);
  const toUpLeft = Math.abs(left + up - 2 * upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

/** Numbers beyond the palette are black. */
function coloured(numbers: ArrayLike<number>, palette: Uint8Array): Uint8Array {
  const data = new Uint8Array(3 * numbers.length);
  for (let pixel = 0; pixel < numbers.length; pixel++)
    for (let channel = 0; channel < 3; channel++)
      data[3 * pixel + channel] = palette[3 * (numbers[pixel] ?? 0) + channel] ?? 0;
  return data;
}
