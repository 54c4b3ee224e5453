/**
 * Figures of one of our benches, run as a process of its own: what is measured, and how, has one place. Nothing of
 * it outlives the row: neither its processes nor what they leave in the folder for temporary files.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { within } from "../../test/labs/real-time.ts";
import type { Chaos } from "./row.ts";

const benches = fileURLToPath(new URL("..", import.meta.url));
const longestMs = 30 * 60_000;

/**
 * @param bench as in `node dist/bench/NAME.js`, one that takes `--out`
 * @throws when it fails, takes longer than half an hour, or says something else than `schema`
 */
export async function benchFigures<Schema extends v.GenericSchema>(
  chaos: Chaos,
  bench: string,
  args: readonly (string | number)[],
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const folder = mkdtempSync(join(tmpdir(), "shoal-row-"));
  const file = join(folder, "figures.json");
  // A group of its own, so that its children end with it.
  const child = spawn(process.execPath, [join(benches, `${bench}.js`), ...args.map(String), "--out", file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: folder },
    detached: true,
  });
  const end = () => {
    killGroup(child.pid);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", end);
  chaos.after(() => {
    process.off("exit", end);
    end();
  });
  createInterface({ input: child.stdout }).on("line", (line) => void (line.trim() && chaos.say(line)));
  await within(longestMs, `bench/${bench}`, once(child, "close"));
  if (child.exitCode !== 0)
    throw new Error(`bench/${bench} ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
  return v.parse(schema, JSON.parse(readFileSync(file, "utf8")));
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
