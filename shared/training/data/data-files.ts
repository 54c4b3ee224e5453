/** Which files training a task reads, and how many bytes of them one peer reads over HTTP. */
import type { DataSpec } from "../../core/task.ts";
import { atisFiles } from "./atis.ts";
import { cifar10RecordBytes, cifar10Records, cifar10TestFile, cifar10TrainFiles } from "./cifar10.ts";
import type { DataSource, RecordLayout } from "./data-source.ts";
import { listImages } from "./image-list.ts";
import { mnistFiles, mnistImageRecords } from "./mnist.ts";

interface NamedFile {
  readonly file: string;
  /** Of what is read record by record. */
  readonly records?: RecordLayout;
}

export interface DataFile extends NamedFile {
  readonly bytes: number;
}

/** Those that are there: the whole list of what a server may hand out for this task. */
export async function dataFiles(spec: DataSpec, source: DataSource): Promise<readonly DataFile[]> {
  const found: DataFile[] = [];
  for (const named of await namesOf(spec, source)) {
    const bytes = await source.size(named.file);
    if (bytes !== undefined) found.push({ ...named, bytes });
  }
  return found;
}

async function namesOf(spec: DataSpec, source: DataSource): Promise<readonly NamedFile[]> {
  switch (spec.kind) {
    case "glyphs":
      return [];
    case "cifar10":
      return [...cifar10TrainFiles, cifar10TestFile].map((file) => ({ file, records: cifar10Records }));
    case "mnist":
      return Object.values(mnistFiles).flatMap(({ images, labels }) => [
        { file: images, records: mnistImageRecords },
        ...[labels, `${images}.gz`, `${labels}.gz`].map((file) => ({ file })),
      ]);
    case "atis":
      return atisFiles.map((file) => ({ file }));
    case "text":
    case "csv":
      return [{ file: spec.file }];
  }
  return listImages(spec, source);
}

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
