/** Some validation images, for who shows what a model can do: little to read, and nothing to train on. */
import type { DataSpec } from "../../core/task.ts";
import { loadCifar10Validation } from "./cifar10.ts";
import type { ImageData } from "./data-set.ts";
import type { DataSource } from "./data-source.ts";
import { createGlyphs } from "./glyphs.ts";
import { loadMnistValidation } from "./mnist.ts";

/** Of images that are read, not drawn. */
const mostRead = 100;

/**
 * The first `count` at most; `train` is empty. Undefined for data that are no images, or a folder of them.
 * @throws Error with one sentence that names file, offset and expectation.
 */
export async function loadExamples(
  spec: DataSpec,
  count: number,
  source: DataSource,
): Promise<ImageData | undefined> {
  if (spec.kind === "glyphs") {
    const validationSamples = Math.min(count, spec.validationSamples);
    return createGlyphs({ ...spec, shard: 0, samplesPerShard: 0, validationSamples });
  }
  if (spec.kind !== "cifar10" && spec.kind !== "mnist") return undefined;
  const few = Math.min(count, mostRead, spec.validationSamples);
  return spec.kind === "cifar10"
    ? loadCifar10Validation(spec, few, source)
    : loadMnistValidation(few, source);
}
