/** What fast-png finds comes out as pixels; files that would cost more than their header says do not reach it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateRawSync, deflateSync } from "node:zlib";
import * as fc from "fast-check";
import { decode } from "fast-png";
import { decodeImage } from "../../shared/training/data/decode-image.ts";
import type { Picture } from "../../shared/training/data/decode-image.ts";

interface Form {
  readonly type: number;
  readonly depth: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
}

const samplesPerPixel: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const beginning = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
const end = () => chunk("IEND", new Uint8Array());

function chunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(content, 8);
  return bytes;
}

function header({ type, depth, width, height, interlaced }: Form): Buffer {
  const content = Buffer.alloc(13);
  content.writeUInt32BE(width, 0);
  content.writeUInt32BE(height, 4);
  content.set([depth, type, 0, 0, interlaced ? 1 : 0], 8);
  return chunk("IHDR", content);
}

const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Columns and rows of the picture in each pass, none of them empty. */
function partsOf({ width, height, interlaced }: Form): { columns: number[]; rows: number[] }[] {
  const from = (length: number, first: number, step: number) =>
    Array.from({ length: Math.max(0, Math.ceil((length - first) / step)) }, (_, i) => first + i * step);
  return (interlaced ? passes : ([[0, 0, 1, 1]] as const))
    .map(([x, y, stepX, stepY]) => ({ columns: from(width, x, stepX), rows: from(height, y, stepY) }))
    .filter(({ columns, rows }) => columns.length > 0 && rows.length > 0);
}

const rowBytes = ({ type, depth }: Form, columns: number) =>
  Math.ceil((columns * (samplesPerPixel[type] ?? 0) * depth) / 8);

const black = new Uint8Array(3);
const palette = Uint8Array.from({ length: 3 * 256 }, (_, i) => (i * 7) & 255);

function file(form: Form, rows: Uint8Array, colours = palette): Uint8Array {
  const packed = deflateSync(rows);
  const middle = packed.length >> 1;
  return Buffer.concat([
    beginning,
    header(form),
    ...(form.type === 3 ? [chunk("PLTE", colours)] : []),
    chunk("IDAT", packed.subarray(0, middle)),
    chunk("IDAT", packed.subarray(middle)),
    end(),
  ]);
}

const forms: readonly (readonly [type: number, depths: readonly number[]])[] = [
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
];

for (const [type, depths] of forms)
  for (const depth of depths) {
    test(`colour type ${type}, ${depth} bits: the pixels are those that the file holds`, async () => {
      const form = fc.record({
        type: fc.constant(type),
        depth: fc.constant(depth),
        width: fc.integer({ min: 1, max: 20 }),
        height: fc.integer({ min: 1, max: 20 }),
        interlaced: depth < 8 ? fc.constant(false) : fc.boolean(),
      });
      const bytes = fc.infiniteStream(fc.nat(255));
      await fc.assert(
        fc.asyncProperty(form, bytes, async (chosen, random) => {
          const rows = partsOf(chosen).flatMap((part) =>
            part.rows.flatMap(() => {
              const length = rowBytes(chosen, part.columns.length);
              return [(random.next().value ?? 0) % 5, ...random.take(length)];
            }),
          );
          const png = file(chosen, Uint8Array.from(rows));
          assert.deepEqual(await decodeImage(png, "x"), decodedByFastPng(png));
        }),
        { numRuns: 60 },
      );
    });
  }

function decodedByFastPng(png: Uint8Array): Picture {
  const { width, height, channels, depth, data, palette: colours } = decode(png);
  const samples = depth < 8 ? apart(data, width * channels, height, depth) : data;
  if (!colours) {
    const values = depth === 16 ? Uint16Array.from(samples) : Uint8Array.from(samples);
    return { width, height, channels, data: values, largest: 2 ** depth - 1 };
  }
  const pixels = [...samples].flatMap((number) => [...(colours[number] ?? black)]);
  return { width, height, channels: 3, data: Uint8Array.from(pixels), largest: 255 };
}

/** Samples that share bytes. */
function apart(data: ArrayLike<number>, columns: number, rows: number, depth: number): Uint8Array {
  const bytes = Math.ceil((columns * depth) / 8);
  return Uint8Array.from({ length: columns * rows }, (_, i) => {
    const bit = (i % columns) * depth;
    const byte = data[Math.floor(i / columns) * bytes + (bit >> 3)] ?? 0;
    return (byte >> (8 - depth - (bit % 8))) & (2 ** depth - 1);
  });
}

const one: Form = { type: 0, depth: 8, width: 1, height: 1, interlaced: false };
const dot = Uint8Array.of(0, 77);

/** Unpacks to so many megabytes of zeros after `first`. */
function bomb(first: Uint8Array, megabytes: number): Buffer {
  const flush = { finishFlush: constants.Z_FULL_FLUSH };
  const zeros = deflateRawSync(new Uint8Array(1024 * 1024), flush);
  return Buffer.concat([
    Buffer.of(0x78, 0x9c),
    deflateRawSync(first, flush),
    ...Array(megabytes).fill(zeros),
  ]);
}

test("a small file that unpacks to a lot is refused and costs little", async () => {
  const before = process.resourceUsage().maxRSS;
  const png = Buffer.concat([beginning, header(one), chunk("IDAT", bomb(dot, 300)), end()]);
  assert.ok(png.length < 1e6, `${png.length} bytes`);
  await assert.rejects(decodeImage(png, "x"), /its pixels go on after byte 2\)/);
  const profile = Buffer.concat([Buffer.from("x\0\0"), bomb(new Uint8Array(), 300)]);
  const coloured = Buffer.concat([
    beginning,
    header(one),
    chunk("iCCP", profile),
    chunk("IDAT", deflateSync(dot)),
    end(),
  ]);
  assert.deepEqual([...(await decodeImage(coloured, "x")).data], [77]);
  const more = (process.resourceUsage().maxRSS - before) / 1024;
  assert.ok(more < 100, `${Math.round(more)} MB more`);
});

const bad: readonly (readonly [what: string, file: Uint8Array, reason: string])[] = [
  ["no pixels", file({ ...one, width: 0 }, dot), "it has no pixels"],
  ["too many pixels", file({ ...one, width: 5_001, height: 5_000 }, dot), "it has more than 25 megapixels"],
  ["too few rows", file({ ...one, height: 9 }, dot), "its pixels end at byte 2 of 18"],
  ["no end", file(one, dot).subarray(0, -12), "it is cut off"],
  ["half a header", file(one, dot).subarray(0, 20), "it is cut off"],
  ["more rows than there are", file(one, Uint8Array.of(0, 77, 0)), "its pixels go on after byte 2"],
  [
    "interlaced pixels that share bytes",
    file({ ...one, depth: 4, interlaced: true }, dot),
    "interlaced with 4 bits: save it without interlacing",
  ],
  ["a depth that there is not", file({ ...one, depth: 3 }, dot), "colour type 0 with 3 bits"],
  ["a colour type that there is not", file({ ...one, type: 1 }, dot), "colour type 1 with 8 bits"],
  [
    "a second header, of another size",
    Buffer.concat([beginning, header(one), header({ ...one, width: 60_000 }), end()]),
    "IHDR at byte 33",
  ],
  ["something before the header", Buffer.concat([beginning, end(), header(one)]), "IEND at byte 8"],
];

for (const [what, bytes, reason] of bad) {
  test(`refused: ${what}`, async () => {
    const message = `a.png: this PNG of ${bytes.length} bytes can't be decoded (${reason})`;
    await assert.rejects(decodeImage(bytes, "a.png"), { message });
  });
}

test("numbers beyond the palette are black", async () => {
  const form: Form = { ...one, type: 3, width: 2 };
  const { data } = await decodeImage(
    file(form, Uint8Array.of(0, 1, 9), Uint8Array.of(1, 2, 3, 4, 5, 6)),
    "x",
  );
  assert.deepEqual([...data], [4, 5, 6, 0, 0, 0]);
});
