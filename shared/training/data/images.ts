/** Pictures in a folder for each class. A seeded part of them is kept from everybody for validation. */
import { pixelsPerImage } from "./data-set.ts";
import type { ImageData, ImageSet } from "./data-set.ts";
import type { DataSource } from "./data-source.ts";
import { decodeImage } from "./decode-image.ts";
import { describeImages } from "./describe.ts";
import type { SpecOf } from "./describe.ts";
import { listImages } from "./image-list.ts";
import type { ListedImage } from "./image-list.ts";
import type { LoadOptions } from "./load-options.ts";
import { forEachOf } from "./records.ts";
import { scaleInto } from "./scale-image.ts";
import { holdOut, samplesOf } from "./shards.ts";

type Spec = SpecOf<"images">;

const atOnce = 4;

export async function loadImages(spec: Spec, { shard, source }: LoadOptions): Promise<ImageData> {
  const listed = await listImages(spec, source);
  const { train, validation } = holdOut(listed.length, spec.validationSamples, spec.seed);
  const labels = () => Uint8Array.from(train, (sample) => listed[sample]?.label ?? 0);
  const of = { count: train.length, classes: spec.classes.length, labels };
  const own = (await samplesOf(shard, of, spec)).map((sample) => train[sample] ?? 0);
  const { labels: _, ...description } = describeImages(spec);
  return {
    ...description,
    train: await readImages(pick(listed, own), spec, source),
    validation: await readImages(pick(listed, validation), spec, source),
  };
}

async function readImages(listed: readonly ListedImage[], spec: Spec, source: DataSource): Promise<ImageSet> {
  const size = pixelsPerImage(spec);
  const pixels = new Uint8Array(listed.length * size);
  await forEachOf([...listed.entries()], atOnce, async ([index, { file }]) => {
    scaleInto(await decodeImage(await source.read(file), file), spec, pixels, index * size);
  });
  return { count: listed.length, pixels, labels: Uint8Array.from(listed, ({ label }) => label) };
}

function pick(listed: readonly ListedImage[], which: Uint32Array): ListedImage[] {
  return Array.from(which, (index) => listed[index]).filter((item) => item !== undefined);
}
