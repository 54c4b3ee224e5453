/**
 * A file that is there whole or not at all: written beside its place, synced, renamed. After `syncFolder` a
 * power cut does not undo the renames either.
 */
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { unfinishedName } from "./file-names.ts";

/** Readable by its owner only: an address to join may hold an invitation. */
const mode = 0o600;

const unknownToFolders: readonly unknown[] = ["EINVAL", "ENOTSUP", "EISDIR"];

export async function writeWhole(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  const unfinished = join(folder, unfinishedName(name));
  try {
    const file = await open(unfinished, "w", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, join(folder, name));
  } catch (error) {
    // What came of it only takes space. If it stays, the next try overwrites it.
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
}

export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // has no such thing
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems know no such thing; their renames are as safe as they get.
    if (!(error instanceof Error && "code" in error && unknownToFolders.includes(error.code))) throw error;
  } finally {
    await handle.close();
  }
}
