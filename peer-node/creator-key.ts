/** The creator's key: whoever has it makes rooms and invites. A file that only its owner reads, or the environment. */
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, faultOf } from "./checkpoints/file-faults.ts";
import { usageError } from "./exit-codes.ts";

const variable = "SHOAL_CREATOR_KEY";
const leastLength = 32;

/** @throws CommandError with one sentence; undefined when neither option nor environment has one. */
export function readCreatorKey(file: string | undefined): string | undefined {
  if (file === undefined) {
    const given = process.env[variable]?.trim();
    return given ? checked(given, variable) : undefined;
  }
  const found = reading(file, () => statSync(file, { throwIfNoEntry: false }));
  if (found === undefined) throw fault(file, "there is no such file");
  if (found.isDirectory()) throw fault(file, "it is a folder: name a file in it");
  // Windows has other rights than these bits.
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0)
    throw fault(file, `others may read it: chmod 600 ${file}`);
  const content = reading(file, () => readFileSync(file, "utf8"));
  return checked(content.trim(), `--creator-key-file (${file})`);
}

/** The same; a server makes the file where there is none. */
export function makeCreatorKey(file: string | undefined): string | undefined {
  if (file !== undefined && reading(file, () => statSync(file, { throwIfNoEntry: false })) === undefined)
    make(file);
  return readCreatorKey(file);
}

function make(file: string): void {
  const key = `${randomBytes(32).toString("hex")}\n`;
  try {
    writeFileSync(file, key, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? `there is no folder ${dirname(file)}` : faultOf(error);
    throw fault(file, `can't be made, ${why}`);
  }
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw fault(file, `can't be read, ${faultOf(error)}`);
  }
}

const fault = (file: string, why: string) => usageError(`--creator-key-file (${file}): ${why}`);

function checked(key: string, where: string): string {
  if (key.length >= leastLength) return key;
  throw usageError(`${where}: has ${key.length} characters, a key has ${leastLength} or more`);
}

interface Revoked {
  readonly id: string;
  readonly untilSeconds: number;
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw usageError(`${path}, the list of revoked invites, can't be read, ${faultOf(error)}`);
  }
}

/** Beside the key: one revoked invite a line, so that a restart forgets none. */
export function revocationsBeside(file: string) {
  const path = `${file}.revoked`;
  return {
    read(): Revoked[] {
      const lines = readLines(path);
      return lines.map((line) => {
        const [, id, until] = /^([\w-]{12}) (\d{1,12})$/.exec(line) ?? [];
        if (id === undefined) throw usageError(`${path}: is no list of revoked invites`);
        return { id, untilSeconds: Number(until) };
      });
    },
    write(revoked: readonly Revoked[]): void {
      const lines = revoked.map(({ id, untilSeconds }) => `${id} ${untilSeconds}\n`);
      writeFileSync(`${path}.new`, lines.join(""), { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
    },
  };
}
