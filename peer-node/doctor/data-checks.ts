/** Which of the data sets with a name are in a folder, complete. */
import type { DataSpec } from "../../shared/core/task.ts";
import { dataFiles } from "../../shared/training/data/data-files.ts";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { checkData } from "../../shared/training/data/load-data.ts";
import { within } from "../../shared/training/time-limit.ts";
import { createFolderSource } from "../folder-source.ts";
import { realClock } from "../real-clock.ts";

export interface DataSetCheck {
  readonly name: string;
  /** What is wrong with it; null when it can be trained on. */
  readonly note: string | null;
}

const parts = { shards: 1, split: { by: "chance" }, seed: 1 } as const;
const specs: readonly DataSpec[] = [
  { kind: "cifar10", ...parts, validationSamples: 2_000, augmentation: "none" },
  { kind: "mnist", ...parts, validationSamples: 2_000 },
  { kind: "atis", ...parts, words: 869, tags: 121, intents: 22, length: 46 },
  {
    kind: "text",
    file: "tinyshakespeare/input.txt",
    ...parts,
    characters: 65,
    context: 64,
    validationSamples: 500,
  },
];

/** Null when all is well. @throws Error with one sentence about what is there and wrong. */
async function noteOn(spec: DataSpec, source: DataSource): Promise<string | null> {
  if ((await dataFiles(spec, source)).length === 0) return "not there";
  await checkData(spec, source);
  return null;
}

/** A folder on a network drive may never answer. */
const limitMs = 20_000;

export async function checkDataSets(folder: string): Promise<DataSetCheck[]> {
  const source = createFolderSource(folder);
  const late = `its files can't be read in ${limitMs / 1_000} s`;
  return Promise.all(
    specs.map(async (spec) => {
      const name = spec.kind;
      try {
        return { name, note: await within(realClock, limitMs, late, noteOn(spec, source)) };
      } catch (error) {
        return { name, note: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
