/** Which of the data sets with a name are in a folder, complete. */
import type { DataSpec } from "../../shared/core/task.ts";
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

/** A folder on a network drive may never answer. */
const limitMs = 20_000;

export async function checkDataSets(folder: string): Promise<DataSetCheck[]> {
  const source = createFolderSource(folder);
  const late = `its files can't be read in ${limitMs / 1_000} s`;
  return Promise.all(
    specs.map(async (spec) => {
      const name = spec.kind;
      try {
        await within(realClock, limitMs, late, checkData(spec, source));
        return { name, note: null };
      } catch (error) {
        return { name, note: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
