/** A process in which `shoal doctor` looks at one of the data sets with a name, in a folder as it was given. */
import { checkData } from "../../shared/training/data/load-data.ts";
import { dataFolder } from "../data-place.ts";
import { CommandError } from "../exit-codes.ts";
import { createFolderSource } from "../folder-source.ts";
import { answerParent } from "./ask-child.ts";
import { namedSets } from "./data-checks.ts";

export interface DataAnswer {
  /** Why it can't be a folder of data sets: wrong use. */
  readonly wrongUse: string | null;
}

await answerParent(async (): Promise<DataAnswer> => {
  const [, , kind, named] = process.argv;
  const spec = namedSets.find((set) => set.kind === kind);
  if (!spec) throw new Error(`no data set "${kind}"`);
  try {
    const folder = dataFolder(named);
    await checkData(spec, folder === undefined ? undefined : createFolderSource(folder));
    return { wrongUse: null };
  } catch (error) {
    if (error instanceof CommandError) return { wrongUse: error.message };
    throw error;
  }
});
