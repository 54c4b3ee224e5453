/**
 * The files of data sets in a folder of this machine. Nothing outside of it is ever read: not by "..", not by
 * a link. Files that a dot hides are not there.
 */
import { open, readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import {
  dataError,
  fileNamePattern,
  gatherByRanges,
  missingFile,
} from "../shared/training/data/data-source.ts";
import type { ByteRange, DataSource } from "../shared/training/data/data-source.ts";

export function createFolderSource(folder: string): DataSource {
  const place = resolve(folder);

  /** Undefined when there is no such file. @throws Error with one sentence when it is outside the folder. */
  async function locate(path: string): Promise<string | undefined> {
    if (!path.split("/").every((part) => fileNamePattern.test(part))) return undefined;
    try {
      const root = await realpath(place);
      const real = await realpath(join(root, ...path.split("/")));
      if (isInside(real, root)) return real;
    } catch {
      return undefined;
    }
    throw dataError(path, `is a link to a place outside of ${place}: put the file itself there`);
  }

  async function size(path: string): Promise<number | undefined> {
    const real = await locate(path);
    const found = real === undefined ? undefined : await stat(real);
    return found?.isFile() ? found.size : undefined;
  }

  async function read(file: string, range?: ByteRange): Promise<Uint8Array> {
    const real = await locate(file);
    if (real === undefined) throw missingFile(file, place);
    const handle = await open(real, "r").catch((error: unknown) => {
      throw dataError(file, `can't be read in ${place} (${codeOf(error)})`);
    });
    try {
      const { from, length } = range ?? { from: 0, length: (await handle.stat()).size };
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, from + done);
        if (bytesRead === 0)
          throw dataError(
            file,
            `ends at byte ${from + done}, expected are ${from + length}: get it again (docs/data.md)`,
          );
        done += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  }

  return {
    place,
    read,
    size,
    async list(path) {
      const real = await locate(path);
      if (real === undefined || !(await stat(real)).isDirectory()) return [];
      const names = (await readdir(real)).filter((name) => fileNamePattern.test(name));
      return names.toSorted((a, b) => (a < b ? -1 : 1));
    },
    gather: (file, field, which) => gatherByRanges((range) => read(file, range), field, which),
  };
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  // Of another drive it is the whole path.
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
