/** Data sets as small as their forms allow, written into a folder that goes with the test. */
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { parseTask } from "../../shared/core/task.ts";
import type { DataSpec, TaskInput } from "../../shared/core/task.ts";
import type { SpecOf } from "../../shared/training/data/describe.ts";

interface Ending {
  after(end: () => void): void;
}

export interface DataFolder {
  readonly path: string;
  write(file: string, content: Uint8Array | string): void;
}

export function dataFolder(t: Ending): DataFolder {
  const path = mkdtempSync(join(tmpdir(), "shoal-data-"));
  t.after(() => rmSync(path, { recursive: true }));
  return {
    path,
    write(file, content) {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), content);
    },
  };
}

const models: Readonly<Record<DataSpec["kind"], TaskInput["model"]>> = {
  glyphs: { kind: "mlp", hidden: [8] },
  cifar10: { kind: "mlp", hidden: [8] },
  mnist: { kind: "mlp", hidden: [8] },
  images: { kind: "mlp", hidden: [8] },
  csv: { kind: "mlp", hidden: [8] },
  atis: { kind: "lstm", embedding: 8, hidden: 8 },
  text: { kind: "transformer", layers: 1, heads: 1, width: 8 },
};

/** A task that learns from such data. */
export function taskOf(data: TaskInput["data"]) {
  return parseTask({
    name: "tiny",
    model: models[data.kind],
    data,
    optimizer: { kind: "sgd", learningRate: 0.1 },
    batch: 4,
    work: { samplesPerRound: 8 },
    seed: 1,
    rounds: 1_000,
  });
}

/** With the defaults filled in. */
export function specOf<Kind extends DataSpec["kind"]>(
  data: TaskInput["data"] & { readonly kind: Kind },
): SpecOf<Kind> {
  const spec: DataSpec = taskOf(data).data;
  if (!isOf(spec, data.kind)) throw new Error(`${spec.kind} came for ${data.kind}`);
  return spec;
}

function isOf<Kind extends DataSpec["kind"]>(spec: DataSpec, kind: Kind): spec is SpecOf<Kind> {
  return spec.kind === kind;
}

export const cifarFile = (name: string) => `cifar-10-batches-bin/${name}.bin`;
const cifarNames = [
  "data_batch_1",
  "data_batch_2",
  "data_batch_3",
  "data_batch_4",
  "data_batch_5",
  "test_batch",
];
const cifarBytes = 30_730_000;

/**
 * Six files of the right length that are zero (airplanes) almost everywhere, and take no room on the disk.
 * `marks`: file, byte → value.
 */
export function writeCifar(
  folder: DataFolder,
  marks: readonly (readonly [string, number, number])[] = [],
): void {
  for (const name of cifarNames) {
    folder.write(cifarFile(name), "");
    truncateSync(join(folder.path, cifarFile(name)), cifarBytes);
  }
  for (const [name, at, value] of marks) {
    const handle = openSync(join(folder.path, cifarFile(name)), "r+");
    writeSync(handle, Uint8Array.of(value), 0, 1, at);
    closeSync(handle);
  }
}

/** Image i of each part has label i mod 10 and pixels of i mod 256. */
export function writeMnist(folder: DataFolder, { train = 40, test = 20, gz = false } = {}): void {
  for (const [part, count] of [
    ["train", train],
    ["t10k", test],
  ] as const) {
    const images = idx(
      [2051, count, 28, 28],
      Uint8Array.from({ length: count * 784 }, (_, i) => Math.floor(i / 784)),
    );
    const labels = idx(
      [2049, count],
      Uint8Array.from({ length: count }, (_, i) => i % 10),
    );
    const end = gz ? ".gz" : "";
    folder.write(`mnist/${part}-images-idx3-ubyte${end}`, gz ? gzipSync(images) : images);
    folder.write(`mnist/${part}-labels-idx1-ubyte${end}`, gz ? gzipSync(labels) : labels);
  }
}

export function idx(header: readonly number[], content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 * header.length + content.length);
  const view = new DataView(bytes.buffer);
  for (const [at, word] of header.entries()) view.setUint32(4 * at, word);
  bytes.set(content, 4 * header.length);
  return bytes;
}

export const tinyAtis: TaskInput["data"] & { kind: "atis" } = {
  kind: "atis",
  shards: 2,
  seed: 1,
  words: 9,
  tags: 4,
  intents: 3,
  length: 4,
};

export function writeAtis(folder: DataFolder, changes: Readonly<Record<string, string>> = {}): void {
  const files = {
    "train/seq.in": "flights to boston\nfares to rome please now\n",
    "train/seq.out": "O O B-city\nB-what O B-city O O\n",
    "train/label": "flight\nfare\n",
    "valid/seq.in": "meals to boston\n",
    "valid/seq.out": "B-meal O B-city\n",
    "valid/label": "meal\n",
    "test/seq.in": "flights to oslo\n",
    "test/seq.out": "O O B-fjord\n",
    "test/label": "flight\n",
    ...changes,
  };
  for (const [file, content] of Object.entries(files)) folder.write(`atis/${file}`, content);
}
