/**
 * Finished runs, kept in one file so that a study that was stopped goes on where it was. They are found by
 * their scenario; a changed simulator (its compiled files' hash) begins anew.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as v from "valibot";
import { measured, readKept, writeKept } from "../kept-file.ts";
import type { PacketCounts } from "./network/fabric.ts";
import type { RunFigures, Scenario } from "./network/run.ts";

export interface PointStore {
  get(scenario: Scenario): RunFigures | undefined;
  put(scenario: Scenario, figures: RunFigures): void;
}

const packets: v.GenericSchema<unknown, PacketCounts> = v.object({
  sent: v.number(),
  delivered: v.number(),
  dropped: v.number(),
  held: v.number(),
});

const runFigures: v.GenericSchema<unknown, RunFigures> = v.object({
  messages: v.number(),
  unfinished: v.number(),
  meanMs: measured,
  p50Ms: measured,
  p99Ms: measured,
  learningLoss: measured,
  simulatedMs: v.number(),
  packets: v.object({ web: packets, learning: packets }),
});

const file = v.object({ simulator: v.string(), points: v.record(v.string(), runFigures) });

/** @throws CommandError when the file is no such store */
export function openPointStore(path: string): PointStore {
  const simulator = simulatorHash();
  const kept = readKept(path, file);
  const points = new Map(kept?.simulator === simulator ? Object.entries(kept.points) : []);

  function put(scenario: Scenario, figures: RunFigures): void {
    points.set(JSON.stringify(scenario), figures);
    writeKept(path, { simulator, points: Object.fromEntries(points) });
  }

  return { get: (scenario) => points.get(JSON.stringify(scenario)), put };
}

/** What the network is made of outside of its own folder. */
const parts = ["core/rng.js", "simulation/virtual-time.js", "simulation/figures.js"];

function simulatorHash(): string {
  const own = readdirSync(new URL("network/", import.meta.url)).filter((name) => name.endsWith(".js"));
  const hash = createHash("sha256");
  const others = parts.map((name) => `../../../shared/${name}`);
  for (const name of [...own.toSorted().map((each) => `network/${each}`), ...others])
    hash.update(readFileSync(new URL(name, import.meta.url)));
  return hash.digest("hex");
}
