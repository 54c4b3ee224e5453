/**
 * CIFAR-10 in its binary form: records of one label byte and 1,024 bytes each of red, green and blue.
 * https://www.cs.toronto.edu/~kriz/cifar.html
 */
import type { ImageData, ImageSet } from "./data-set.ts";
import { dataError, sizeOf } from "./data-source.ts";
import type { DataSource, RecordLayout } from "./data-source.ts";
import { cifar10 } from "./describe.ts";
import type { SpecOf } from "./describe.ts";
import type { LoadOptions } from "./load-options.ts";
import { gatherField, gatherRecords, placeOf, readStretches } from "./records.ts";
import type { RecordFiles } from "./records.ts";
import { assertEnough, samplesByLabel, stretchesOf } from "./shards.ts";

type Spec = SpecOf<"cifar10">;

const folder = "cifar-10-batches-bin";
export const cifar10TrainFiles = [1, 2, 3, 4, 5].map((batch) => `${folder}/data_batch_${batch}.bin`);
export const cifar10TestFile = `${folder}/test_batch.bin`;
export const cifar10RecordBytes = 3_073;
export const cifar10Records: RecordLayout = { start: 0, recordBytes: cifar10RecordBytes };
const perFile = 10_000;
const planeBytes = 1_024;

export async function loadCifar10(spec: Spec, { shard, source }: LoadOptions): Promise<ImageData> {
  await checkCifar10(source);
  const train = recordsOf(source, cifar10TrainFiles);
  const { split } = spec;
  const count = cifar10TrainFiles.length * perFile;
  assertEnough(folder, count, spec, "images");
  if (split.by === "chance") {
    const stretches = stretchesOf(shard, count, spec);
    const samples = stretches.flatMap(({ from, length }) => Array.from({ length }, (_, i) => from + i));
    return dataOf(
      spec,
      unpack(await readStretches(train, stretches), samples, train),
      await test(spec, source),
    );
  }
  const labels = await gatherField(train, { from: 0, length: 1 });
  for (const [sample, label] of labels.entries()) assertLabel(label, sample, train);
  const samples = samplesByLabel(shard, labels, cifar10.classes, split.alpha, spec);
  return dataOf(spec, unpack(await gatherRecords(train, samples), samples, train), await test(spec, source));
}

/** All of the test split, for who measures in the end; `train` is empty. */
export function loadCifar10Test(spec: Spec, source: DataSource): Promise<ImageData> {
  return loadCifar10Validation(spec, perFile, source);
}

/** The first `count` test images; `train` is empty. */
export async function loadCifar10Validation(
  spec: Spec,
  count: number,
  source: DataSource,
): Promise<ImageData> {
  return dataOf(spec, empty, await test({ validationSamples: count }, source));
}

/** @throws Error with one sentence when a file is missing or not as long as it must be. */
export async function checkCifar10(source: DataSource): Promise<void> {
  const expected = perFile * cifar10RecordBytes;
  for (const file of [...cifar10TrainFiles, cifar10TestFile]) {
    const bytes = await sizeOf(source, file);
    if (bytes === expected) continue;
    const where = bytes < expected ? `it ends in record ${Math.floor(bytes / cifar10RecordBytes)}; ` : "";
    throw dataError(
      file,
      `has ${bytes} bytes, ${where}expected are ${expected} (10,000 records of ${cifar10RecordBytes}): ` +
        "get it again (docs/data.md)",
    );
  }
}

async function test(
  { validationSamples }: Pick<Spec, "validationSamples">,
  source: DataSource,
): Promise<ImageSet> {
  const records = recordsOf(source, [cifar10TestFile]);
  const bytes = await readStretches(records, [{ from: 0, length: validationSamples }]);
  return unpack(bytes, [...Array(validationSamples).keys()], records);
}

const empty: ImageSet = { count: 0, pixels: new Uint8Array(), labels: new Uint8Array() };

function recordsOf(source: DataSource, files: readonly string[]): RecordFiles {
  return { source, files, perFile, ...cifar10Records };
}

function dataOf(spec: Spec, train: ImageSet, validation: ImageSet): ImageData {
  const { labels: _, ...description } = cifar10;
  return { ...description, augmentation: spec.augmentation, train, validation };
}

/** Planes to pixels: red, green, blue beside each other. */
function unpack(bytes: Uint8Array, samples: ArrayLike<number>, records: RecordFiles): ImageSet {
  const count = samples.length;
  const pixels = new Uint8Array(count * 3 * planeBytes);
  const labels = new Uint8Array(count);
  for (let image = 0; image < count; image++) {
    const record = image * cifar10RecordBytes;
    labels[image] = bytes[record] ?? 0;
    assertLabel(bytes[record] ?? 0, samples[image] ?? 0, records);
    const target = image * 3 * planeBytes;
    for (let pixel = 0; pixel < planeBytes; pixel++) {
      for (let channel = 0; channel < 3; channel++)
        pixels[target + 3 * pixel + channel] = bytes[record + 1 + channel * planeBytes + pixel] ?? 0;
    }
  }
  return { count, pixels, labels };
}

function assertLabel(label: number, sample: number, records: RecordFiles): void {
  if (label < cifar10.classes) return;
  const { file, offset } = placeOf(sample, records);
  throw dataError(
    file,
    `the label at byte ${offset} is ${label}, expected is 0 … ${cifar10.classes - 1}: get the file again (docs/data.md)`,
  );
}
