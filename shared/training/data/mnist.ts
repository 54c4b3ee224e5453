/**
 * MNIST, and what comes in its form (Fashion-MNIST): IDX files, gzipped or not. A header of big-endian
 * words (magic number, then the sizes) before the bytes. http://yann.lecun.com/exdb/mnist/
 */
import type { ImageData, ImageSet } from "./data-set.ts";
import { dataError } from "./data-source.ts";
import type { DataSource, RecordLayout } from "./data-source.ts";
import { mnist } from "./describe.ts";
import type { SpecOf } from "./describe.ts";
import { openFile } from "./gzip.ts";
import type { OpenFile } from "./gzip.ts";
import type { LoadOptions } from "./load-options.ts";
import { gatherRecords, readStretches } from "./records.ts";
import type { RecordFiles } from "./records.ts";
import { assertEnough, samplesByLabel, stretchesOf } from "./shards.ts";
import type { Stretch } from "./shards.ts";

type Spec = SpecOf<"mnist">;
type Part = "train" | "t10k";

const folder = "mnist";
const side = 28;
const imageMagic = 2051;
const labelMagic = 2049;
export const mnistImageRecords: RecordLayout = { start: 16, recordBytes: side * side };
export const mnistFiles = { train: filesOf("train"), test: filesOf("t10k") } as const;

function filesOf(part: Part) {
  return {
    images: `${folder}/${part}-images-idx3-ubyte`,
    labels: `${folder}/${part}-labels-idx1-ubyte`,
  } as const;
}

interface OpenPart {
  readonly count: number;
  readonly images: RecordFiles;
  readonly labels: Uint8Array;
}

export async function loadMnist(spec: Spec, { shard, source }: LoadOptions): Promise<ImageData> {
  const validation = await firstImages(await openPart(source, "t10k"), spec.validationSamples);
  const part = await openPart(source, "train");
  assertEnough(mnistFiles.train.images, part.count, spec, "images");
  return dataOf(await shardOf(part, shard, spec), validation);
}

/** All of the test split, for who measures in the end; `train` is empty. */
export function loadMnistTest(source: DataSource): Promise<ImageData> {
  return loadMnistValidation(Infinity, source);
}

/** The first `count` test images, as far as there are any; `train` is empty. */
export async function loadMnistValidation(count: number, source: DataSource): Promise<ImageData> {
  const none = { count: 0, pixels: new Uint8Array(), labels: new Uint8Array() };
  return dataOf(none, await firstImages(await openPart(source, "t10k"), count));
}

/** @throws Error with one sentence about the first thing that is wrong. */
export async function checkMnist(source: DataSource): Promise<void> {
  await openPart(source, "t10k");
  await openPart(source, "train");
}

async function shardOf({ count, images, labels }: OpenPart, shard: number, spec: Spec): Promise<ImageSet> {
  if (spec.split.by === "label") {
    const samples = samplesByLabel(shard, labels, mnist.classes, spec.split.alpha, spec);
    return {
      count: samples.length,
      pixels: await gatherRecords(images, samples),
      labels: Uint8Array.from(samples, (sample) => labels[sample] ?? 0),
    };
  }
  return imagesIn({ count, images, labels }, stretchesOf(shard, count, spec));
}

async function imagesIn({ images, labels }: OpenPart, stretches: readonly Stretch[]): Promise<ImageSet> {
  const own = stretches.flatMap(({ from, length }) => [...labels.subarray(from, from + length)]);
  return { count: own.length, pixels: await readStretches(images, stretches), labels: Uint8Array.from(own) };
}

function firstImages(part: OpenPart, count: number): Promise<ImageSet> {
  return imagesIn(part, [{ from: 0, length: Math.min(count, part.count) }]);
}

function dataOf(train: ImageSet, validation: ImageSet): ImageData {
  const { labels: _, ...description } = mnist;
  return { ...description, train, validation };
}

async function openPart(source: DataSource, part: Part): Promise<OpenPart> {
  const names = filesOf(part);
  const images = await openFile(source, names.images);
  const [count = 0] = await readHeader(images, imageMagic, [undefined, side, side]);
  if (count === 0) throw dataError(images.file, `has no images: ${again}`);
  const labelFile = await openFile(source, names.labels);
  await readHeader(labelFile, labelMagic, [count]);
  const labels = await labelFile.source.read(labelFile.file, { from: 8, length: count });
  const wrong = labels.findIndex((label) => label >= mnist.classes);
  if (wrong !== -1)
    throw dataError(
      labelFile.file,
      `the label at byte ${8 + wrong} is ${labels[wrong]}, expected is 0 … ${mnist.classes - 1}: ${again}`,
    );
  const { source: imageSource, file } = images;
  return {
    count,
    images: { source: imageSource, files: [file], perFile: count, ...mnistImageRecords },
    labels,
  };
}

const again = "get the file again (docs/data.md)";

/** The sizes after the magic number; those in `expected` must be as they are there. */
async function readHeader(
  { source, file, bytes }: OpenFile,
  magic: number,
  expected: readonly (number | undefined)[],
): Promise<number[]> {
  const headerBytes = 4 * (1 + expected.length);
  if (bytes < headerBytes)
    throw dataError(file, `has ${bytes} bytes, expected is a header of ${headerBytes}: ${again}`);
  const header = await source.read(file, { from: 0, length: headerBytes });
  const words = new DataView(header.buffer, header.byteOffset, headerBytes);
  const found = words.getUint32(0);
  if (found !== magic)
    throw dataError(file, `the number at byte 0 is ${found}, expected is ${magic}: ${again}`);
  const sizes = expected.map((want, index) => {
    const size = words.getUint32(4 + 4 * index);
    if (want !== undefined && size !== want)
      throw dataError(file, `the number at byte ${4 + 4 * index} is ${size}, expected is ${want}: ${again}`);
    return size;
  });
  const whole = headerBytes + sizes.reduce((product, size) => product * size, 1);
  if (bytes !== whole)
    throw dataError(
      file,
      `has ${bytes} bytes, its header promises ${whole} (${sizes.join(" × ")}): ${again}`,
    );
  return sizes;
}
