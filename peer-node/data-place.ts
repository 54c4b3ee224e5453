/** Where this process finds data sets: a folder that was named, else the server that it joined. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataSpec } from "../shared/core/task.ts";
import { dataFiles } from "../shared/training/data/data-files.ts";
import type { DataPlace, DataSource } from "../shared/training/data/data-source.ts";
import { createHttpSource } from "../shared/training/data/http-source.ts";
import { checkData } from "../shared/training/data/load-data.ts";
import { needsFiles } from "../shared/training/data/needs-files.ts";
import { usageError } from "./exit-codes.ts";
import { createFolderSource } from "./folder-source.ts";

/**
 * `--data-dir`, else SHOAL_DATA; undefined when neither says anything.
 * @throws CommandError with one sentence when it is no folder.
 */
export function dataFolder(option: string | undefined): string | undefined {
  const folder = namedFolder(option);
  if (folder === undefined) return undefined;
  const from = option === undefined ? "SHOAL_DATA" : "--data-dir";
  if (!isFolder(folder))
    throw usageError(`${from} (${folder}): must be a folder; docs/data.md says what belongs in it`);
  return resolve(folder);
}

/** The same without a look at the disk. */
export function namedFolder(option: string | undefined): string | undefined {
  return option ?? (process.env["SHOAL_DATA"] || undefined);
}

function isFolder(path: string): boolean {
  return path !== "" && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

export function dataPlace(option: string | undefined, serverUrl: string): DataPlace {
  const path = dataFolder(option);
  return path === undefined ? { kind: "http", url: serverUrl } : { kind: "folder", path };
}

export function openPlace(place: DataPlace): DataSource {
  if (place.kind === "folder") return createFolderSource(place.path);
  return createHttpSource({ url: place.url, fetch, pause: (ms) => sleep(ms) });
}

/**
 * Before a backend is chosen for them; over the network no more than whether there are any.
 * @throws Error with one sentence about the files of a task's data.
 */
export async function checkPlace(spec: DataSpec, place: DataPlace): Promise<void> {
  if (!needsFiles(spec)) return;
  if (place.kind === "folder") return checkData(spec, openPlace(place));
  if ((await dataFiles(spec, openPlace(place))).length === 0)
    throw new Error(
      `data (${spec.kind}): the server ${place.url} has none to hand out: ` +
        "--data-dir DIR says where yours are (docs/data.md)",
    );
}
