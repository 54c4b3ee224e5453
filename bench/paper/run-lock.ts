/** One process at a time for each training: a file that is there while somebody is at it, with their pid in it. */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

export interface Lock {
  readonly isOurs: true;
  /** It lasts as long as that process, whatever becomes of this one. */
  handTo(pid: number): void;
  release(): void;
}

interface Taken {
  readonly isOurs: false;
  readonly holder: string;
}

/** A pid is written right after its file is made: nobody is given up before. */
const writingMs = 5_000;

export function takeLock(file: string): Lock | Taken {
  for (;;) {
    if (make(file)) {
      return {
        isOurs: true,
        handTo: (pid) => writeFileSync(file, String(pid)),
        release: () => rmSync(file, { force: true }),
      };
    }
    const holder = holderOf(file);
    if (holder === undefined) continue;
    if (holds(file, holder)) return { isOurs: false, holder };
    bury(file, holder);
  }
}

function make(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined when it has been released meanwhile. */
function holderOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function holds(file: string, holder: string): boolean {
  const pid = Number(holder);
  if (pid > 0) return isAlive(pid);
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return age < writingMs;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Moved away first, because somebody else may have done so and hold the lock by now: that one goes back. */
function bury(file: string, holder: string): void {
  const grave = `${file}.${process.pid}`;
  try {
    renameSync(file, grave);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (readFileSync(grave, "utf8") === holder) rmSync(grave);
  else renameSync(grave, file);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
