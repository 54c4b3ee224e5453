/** Which of the data sets with a name are in a folder, complete. A network drive may never answer. */
import { resolve } from "node:path";
import type { DataSpec } from "../../shared/core/task.ts";
import { namedFolder } from "../data-place.ts";
import { usageError } from "../exit-codes.ts";
import { askChild } from "./ask-child.ts";
import type { DataAnswer } from "./data-child.ts";

export interface DataSetCheck {
  readonly name: string;
  /** What is wrong with it; null when it can be trained on. */
  readonly note: string | null;
}

export interface DataCheck {
  readonly folder: string;
  readonly sets: readonly DataSetCheck[];
}

const parts = { shards: 1, split: { by: "chance" }, seed: 1 } as const;
export const namedSets: readonly DataSpec[] = [
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

export interface DataCheckOptions {
  readonly limitMs?: number;
  /** What looks; tests hand in one that hangs. */
  readonly file?: URL;
}

/**
 * `folder`: `--data-dir`. Null when nobody said where to look.
 * @throws CommandError with one sentence when that is no folder.
 */
export async function checkDataSets(
  folder: string | undefined,
  options: DataCheckOptions = {},
): Promise<DataCheck | null> {
  const named = namedFolder(folder);
  if (named === undefined) return null;
  const sets = await Promise.all(namedSets.map(({ kind }) => checkSet(kind, folder, options)));
  return { folder: resolve(named), sets };
}

async function checkSet(
  name: string,
  folder: string | undefined,
  { limitMs = 20_000, file }: DataCheckOptions,
): Promise<DataSetCheck> {
  const answer = await askChild<DataAnswer>({
    file: file ?? new URL("./data-child.js", import.meta.url),
    args: [name, ...(folder === undefined ? [] : [folder])],
    limitMs,
    late: `its files can't be read in ${limitMs / 1_000} s`,
  }).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (typeof answer === "string") return { name, note: answer };
  if (answer.wrongUse !== null) throw usageError(answer.wrongUse);
  return { name, note: answer.isThere ? null : "not there" };
}
