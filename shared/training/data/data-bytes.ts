/**
 * How much memory a task's data take of one peer, from the task and the sizes of its files: docs/compute.md has
 * the figures that the factors come from.
 */
import type { DataSpec } from "../../core/task.ts";
import { pixelsPerImage } from "./data-set.ts";
import type { DataSource } from "./data-source.ts";
import { cifar10, mnist } from "./describe.ts";
import type { SpecOf } from "./describe.ts";
import { glyphShape } from "./glyphs.ts";
import { listImages } from "./image-list.ts";
import { mnistFiles } from "./mnist.ts";

export interface DataBytes {
  /** As long as the peer trains: its shard and the validation samples. */
  readonly held: number;
  /** At the peak of reading them. */
  readonly reading: number;
}

/** Beside its pixels: its label, and its place in the order of training. */
const besidePixels = 5;
const cifar10Samples = 50_000;
/** Of all its files, in all shapes that they pass through. */
const atisBytes = 20e6;
/** A text as bytes and as character numbers, whole and in parts. */
const textFactor = 3;
/** Of a field while a table is read, beside its bytes: its value in arrays that grow, and in the shard. */
const fieldBytes = 16;
const csvSampleBytes = 65_536;
/** MNIST's files unpack to 4.7 times their size. */
const unpacking = 5;

/**
 * @param source where the files are; those that are missing take nothing, and who reads them says so
 * @throws Error with one sentence when a folder of pictures is not what the task says
 */
export async function dataBytes(spec: DataSpec, source: DataSource | undefined): Promise<DataBytes> {
  switch (spec.kind) {
    case "glyphs":
      return drawn((spec.samplesPerShard + spec.validationSamples) * imageBytes(glyphShape));
    case "cifar10": {
      const samples = Math.ceil(cifar10Samples / spec.shards) + spec.validationSamples;
      const held = samples * imageBytes(cifar10.shape);
      // Planes of colours, before they are pixels.
      return { held, reading: 2 * held };
    }
    case "mnist":
      return ofMnist(spec, source);
    case "atis":
      return { held: atisBytes / 10, reading: atisBytes };
    case "text": {
      const bytes = (await source?.size(spec.file)) ?? 0;
      return { held: 2 * bytes, reading: textFactor * bytes };
    }
    case "csv":
      return ofTable(spec, source);
  }
  const listed = source ? (await listImages(spec, source)).length : 0;
  const train = Math.max(0, listed - spec.validationSamples) / spec.shards;
  return drawn((Math.ceil(train) + spec.validationSamples) * imageBytes(spec));
}

/** Every sample goes straight to its place. */
const drawn = (bytes: number): DataBytes => ({ held: bytes, reading: bytes });

const imageBytes = (shape: Parameters<typeof pixelsPerImage>[0]) => pixelsPerImage(shape) + besidePixels;

async function ofMnist(spec: SpecOf<"mnist">, source: DataSource | undefined): Promise<DataBytes> {
  const sizeOf = async (name: string) => (await source?.size(name)) ?? 0;
  const [trainName, testName] = [mnistFiles.train.images, mnistFiles.test.images];
  const plain = await sizeOf(trainName);
  const unpacked = plain > 0 ? 0 : unpacking * (await sizeOf(`${trainName}.gz`));
  const tests = unpacked > 0 ? unpacking * (await sizeOf(`${testName}.gz`)) : 0;
  const size = imageBytes(mnist.shape);
  const held = (Math.ceil((plain + unpacked) / size / spec.shards) + spec.validationSamples) * size;
  // In pieces, and as a whole.
  return { held, reading: held + 2 * (unpacked + tests) };
}

async function ofTable(spec: SpecOf<"csv">, source: DataSource | undefined): Promise<DataBytes> {
  const bytes = (await source?.size(spec.file)) ?? 0;
  if (!source || bytes === 0) return drawn(0);
  const sample = await source.read(spec.file, { from: 0, length: Math.min(bytes, csvSampleBytes) });
  const separators = sample.reduce((sum, byte) => sum + Number(byte === comma || byte === lineEnd), 1);
  const fields = (bytes * separators) / sample.length;
  const rows = fields / (spec.columns + 1);
  const held = 4 * spec.columns * (rows / spec.shards + spec.validationSamples);
  return { held, reading: bytes + fieldBytes * fields };
}

const comma = 0x2c;
const lineEnd = 0x0a;
