/** The data sets of a server, looked at before anybody joins: its operator can put right what is wrong. */
import type { Task } from "../shared/core/task.ts";
import type { DataSource } from "../shared/training/data/data-source.ts";
import { checkData } from "../shared/training/data/load-data.ts";
import { needsFiles } from "../shared/training/data/needs-files.ts";
import { dataFolder } from "./data-place.ts";
import { usageError } from "./exit-codes.ts";
import { createFolderSource } from "./folder-source.ts";

/**
 * Undefined when the task needs no files, or no folder was named.
 * @throws CommandError with one sentence about the first thing that is wrong with the files.
 */
export async function checkedData(task: Task, option: string | undefined): Promise<DataSource | undefined> {
  const folder = dataFolder(option);
  if (folder === undefined || !needsFiles(task.data)) return undefined;
  const source = createFolderSource(folder);
  try {
    await checkData(task.data, source);
  } catch (error) {
    throw usageError(
      `data of ${task.name} (${folder}): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return source;
}

export function noData(task: Task): string {
  return (
    `task ${task.name} trains on files (${task.data.kind}), and without --data-dir this server has none ` +
    "to hand out: peers need a --data-dir of their own (docs/data.md)"
  );
}
