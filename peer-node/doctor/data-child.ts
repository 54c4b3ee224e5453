/** A process in which `shoal doctor` looks at one of the data sets with a name, in a folder as it was given. */
import { dataFiles } from "../../shared/training/data/data-files.ts";
import { checkData } from "../../shared/training/data/load-data.ts";
import { dataFolder } from "../data-place.ts";
import { CommandError } from "../exit-codes.ts";
import { createFolderSource } from "../folder-source.ts";
import { answerParent } from "./ask-child.ts";
import { namedSets } from "./data-checks.ts";

export interface DataAnswer {
  /** Why it can't be a folder of data sets: wrong use. */
  readonly wrongUse: string | null;
  readonly isThere: boolean;
}

await answerParent(async (): Promise<DataAnswer> => {
  const [, , kind, named] = process.argv;
  const spec = namedSets.find((set) => set.kind === kind);
  if (!spec) throw new Error(`no data set "${kind}"`);
  try {
    const source = createFolderSource(dataFolder(named) ?? ".");
    if ((await dataFiles(spec, source)).length === 0) return { wrongUse: null, isThere: false };
    await checkData(spec, source);
    return { wrongUse: null, isThere: true };
  } catch (error) {
    if (error instanceof CommandError) return { wrongUse: error.message, isThere: false };
    throw error;
  }
});
