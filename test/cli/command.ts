/** The real `shoal` command as a child process. Every wait ends, and no process outlives its test. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { within } from "../labs/real-time.ts";

export const shoal = fileURLToPath(new URL("../../peer-node/shoal.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Running {
  readonly pid: number;
  /** The next line of standard output that fits, seen or to come. */
  line(pattern: RegExp, ms?: number): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  ended(ms?: number): Promise<Ended>;
}

export function start(t: TestContext, ...args: readonly string[]): Running {
  return startWith(t, {}, ...args);
}

export function startWith(t: TestContext, more: NodeJS.ProcessEnv, ...args: readonly string[]): Running {
  const startedMs = performance.now();
  const env = { ...process.env, ...more };
  const child = spawn(process.execPath, [shoal, ...args], { stdio: ["ignore", "pipe", "pipe"], env });
  t.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  const said = new EventTarget();
  let stderr = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    said.dispatchEvent(new Event("line"));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const closed = new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      const seconds = (performance.now() - startedMs) / 1000;
      resolve({ code, stdout: lines.map((line) => `${line}\n`).join(""), stderr, seconds });
    });
  });

  function firstLine(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      const look = () => {
        const found = lines.find((line) => pattern.test(line));
        if (found === undefined) return;
        said.removeEventListener("line", look);
        resolve(found);
      };
      said.addEventListener("line", look);
      look();
    });
  }

  return {
    pid: child.pid ?? -1,
    line: (pattern, ms = 60_000) => within(ms, `a line like ${pattern} (${stderr})`, firstLine(pattern)),
    kill: (signal) => void child.kill(signal),
    ended: (ms = 120_000) => within(ms, `the end of shoal ${args.join(" ")}`, closed),
  };
}

export function run(t: TestContext, ...args: readonly string[]): Promise<Ended> {
  return start(t, ...args).ended();
}

/** A file that is gone after the test. */
export function temporaryFile(t: TestContext, name: string, content: string): string {
  const directory = mkdtempSync(join(tmpdir(), "shoal-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
