/** The pictures of a folder for each class, without looking at them. */
import { dataError } from "./data-source.ts";
import type { DataSource } from "./data-source.ts";
import type { SpecOf } from "./describe.ts";

export interface ListedImage {
  readonly file: string;
  readonly label: number;
}

/** In the order of classes and names. @throws Error with one sentence about a class without pictures. */
export async function listImages(
  spec: SpecOf<"images">,
  source: DataSource,
): Promise<readonly ListedImage[]> {
  const listed: ListedImage[] = [];
  for (const [label, name] of spec.classes.entries()) {
    const folder = `${spec.folder}/${name}`;
    const files = (await source.list(folder)).filter((file) => /\.(?:png|jpe?g)$/i.test(file));
    if (files.length === 0)
      throw dataError(
        folder,
        `has no PNG or JPEG in ${source.place}, expected are the pictures of class "${name}"`,
      );
    listed.push(...files.map((file) => ({ file: `${folder}/${file}`, label })));
  }
  const { validationSamples, shards } = spec;
  if (listed.length < validationSamples + shards)
    throw dataError(
      spec.folder,
      `has ${listed.length} pictures, too few for data.validationSamples ${validationSamples} and one for each of data.shards ${shards}`,
    );
  return listed;
}
