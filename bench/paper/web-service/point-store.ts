/**
 * Finished runs, kept in one file so that a study that was stopped goes on where it was. They are found by
 * their scenario; a changed simulator (its compiled files' hash) begins anew.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { RunFigures, Scenario } from "./network/run.ts";

export interface PointStore {
  get(scenario: Scenario): RunFigures | undefined;
  put(scenario: Scenario, figures: RunFigures): void;
}

interface Kept {
  readonly simulator: string;
  readonly points: Readonly<Record<string, RunFigures>>;
}

export function openPointStore(path: string): PointStore {
  const simulator = simulatorHash();
  const kept = readKept(path);
  const points = new Map(kept?.simulator === simulator ? Object.entries(kept.points) : []);

  function put(scenario: Scenario, figures: RunFigures): void {
    points.set(JSON.stringify(scenario), figures);
    const whole: Kept = { simulator, points: Object.fromEntries(points) };
    // A process that is killed while it writes leaves the old file.
    writeFileSync(`${path}.tmp`, JSON.stringify(whole));
    renameSync(`${path}.tmp`, path);
  }

  return { get: (scenario) => points.get(JSON.stringify(scenario)), put };
}

/** Written by this file only, and always whole. */
function readKept(path: string): Kept | undefined {
  if (!existsSync(path)) return undefined;
  const kept: Kept = JSON.parse(readFileSync(path, "utf8"));
  return kept;
}

function simulatorHash(): string {
  const folder = new URL("network/", import.meta.url);
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).toSorted()) {
    if (name.endsWith(".js")) hash.update(readFileSync(new URL(name, folder)));
  }
  return hash.digest("hex");
}
