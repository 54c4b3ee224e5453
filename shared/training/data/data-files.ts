/** Which files training a task reads, and how many bytes of them one peer reads over HTTP. */
import type { DataSpec } from "../../core/task.ts";
import { atisFiles } from "./atis.ts";
import { cifar10RecordBytes, cifar10TestFile, cifar10TrainFiles } from "./cifar10.ts";
import type { DataSource } from "./data-source.ts";
import { listImages } from "./image-list.ts";
import { mnistFiles } from "./mnist.ts";

export interface DataFile {
  readonly file: string;
  readonly bytes: number;
}

/** Those that are there: the whole list of what a server may hand out for this task. */
export async function dataFiles(spec: DataSpec, source: DataSource): Promise<readonly DataFile[]> {
  const found: DataFile[] = [];
  for (const file of await namesOf(spec, source)) {
    const bytes = await source.size(file);
    if (bytes !== undefined) found.push({ file, bytes });
  }
  return found;
}

async function namesOf(spec: DataSpec, source: DataSource): Promise<readonly string[]> {
  switch (spec.kind) {
    case "glyphs":
      return [];
    case "cifar10":
      return [...cifar10TrainFiles, cifar10TestFile];
    case "mnist":
      return mnistNames.flatMap((file) => [file, `${file}.gz`]);
    case "atis":
      return atisFiles;
    case "text":
    case "csv":
      return [spec.file];
  }
  return (await listImages(spec, source)).map(({ file }) => file);
}

const mnistNames = Object.values(mnistFiles).flatMap(({ images, labels }) => [images, labels]);

/** What one peer reads of them: its shard and the validation samples. Exact but for MNIST and pictures. */
export function downloadBytes(spec: DataSpec, files: readonly DataFile[]): number {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  switch (spec.kind) {
    case "glyphs":
      return 0;
    case "cifar10": {
      const train = 50_000 / spec.shards + (spec.split.by === "label" ? 50_000 / cifar10RecordBytes : 0);
      return Math.round((train + spec.validationSamples) * cifar10RecordBytes);
    }
    case "mnist":
      return mnistBytes(spec, files);
    case "images": {
      const train = (files.length - spec.validationSamples) / spec.shards;
      return Math.round((total * (train + spec.validationSamples)) / files.length);
    }
  }
  return total;
}

/** Zipped files are read as a whole, the others in parts; of both, peers read the one that is not zipped. */
function mnistBytes(
  { shards, validationSamples }: { shards: number; validationSamples: number },
  files: readonly DataFile[],
): number {
  const bytesOf = (name: string) => files.find(({ file }) => file === name)?.bytes;
  const part = (name: string, share: (bytes: number) => number) => {
    const plain = bytesOf(name);
    return plain === undefined ? (bytesOf(`${name}.gz`) ?? 0) : Math.min(plain, share(plain));
  };
  const { train, test } = mnistFiles;
  return Math.round(
    part(train.images, (bytes) => bytes / shards) +
      part(test.images, () => validationSamples * 784) +
      part(train.labels, (bytes) => bytes) +
      part(test.labels, (bytes) => bytes),
  );
}
