/** From a task's words to the data of one peer. */
import type { DataSpec } from "../../core/task.ts";
import { checkAtis, loadAtis } from "./atis.ts";
import { checkCifar10, loadCifar10 } from "./cifar10.ts";
import { checkCsv, loadCsv } from "./csv.ts";
import type { DataSet } from "./data-set.ts";
import type { DataSource } from "./data-source.ts";
import { createGlyphs } from "./glyphs.ts";
import { listImages } from "./image-list.ts";
import { checkMnist, loadMnist } from "./mnist.ts";
import { checkText, loadText } from "./text.ts";

export interface LoadDataOptions {
  /** Which part of the training data; numbers beyond the task's `shards` begin again at the first. */
  readonly shard: number;
  /** Where the files are; data that the program draws need none. */
  readonly source?: DataSource | undefined;
}

/** @throws Error with one sentence that names file, offset and expectation. */
export async function loadData(spec: DataSpec, { shard, source }: LoadDataOptions): Promise<DataSet> {
  if (spec.kind === "glyphs") return createGlyphs({ ...spec, shard });
  const options = { shard, source: needed(spec, source) };
  switch (spec.kind) {
    case "cifar10":
      return loadCifar10(spec, options);
    case "mnist":
      return loadMnist(spec, options);
    case "atis":
      return loadAtis(spec, options);
    case "text":
      return loadText(spec, options);
    case "csv":
      return loadCsv(spec, options);
  }
  // Apart: the decoders weigh more than all the rest of this.
  const { loadImages } = await import("./images.ts");
  return loadImages(spec, options);
}

/**
 * Whether the files are what the task says, before anybody trains: sizes, headers, vocabularies, tables.
 * Labels of CIFAR-10 and the pictures themselves are looked at when they are read.
 * @throws Error with one sentence about the first thing that is wrong.
 */
export async function checkData(spec: DataSpec, source: DataSource | undefined): Promise<void> {
  if (spec.kind === "glyphs") return;
  const place = needed(spec, source);
  switch (spec.kind) {
    case "cifar10":
      return checkCifar10(place);
    case "mnist":
      return checkMnist(place);
    case "atis":
      return checkAtis(spec, place);
    case "text":
      return checkText(spec, place);
    case "csv":
      return checkCsv(spec, place);
    case "images":
      await listImages(spec, place);
  }
}

function needed({ kind }: DataSpec, source: DataSource | undefined): DataSource {
  if (source) return source;
  throw new Error(
    `data.kind (${kind}): its files are needed, --data-dir DIR says where they are (docs/data.md)`,
  );
}
