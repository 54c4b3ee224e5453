/** One training of one figure: everything that its result is a function of. */
import { createHash } from "node:crypto";
import type { Task } from "../../shared/core/task.ts";
import type { Outages } from "../../shared/simulation/outages.ts";

export interface RunSpec {
  /** Seeds the start, the batches, the owners and the losses; data are split by a seed of their own. */
  readonly task: Task;
  readonly workers: number;
  /** Share of the fragments that the network drops, 0..1. */
  readonly drop: number;
  /** Mean length of a burst of drops, in packets; 1: they are independent. */
  readonly meanBurst: number;
  /** Of whole workers. */
  readonly outages?: Outages | undefined;
  /** In place of as many as a packet takes: for models that are too small to be cut into many. */
  readonly valuesPerFragment?: number;
  /** `brief`: a few training samples and no test split, for tests of the claim alone. */
  readonly evaluation: "whole" | "brief";
  /** Absent: WebAssembly, which computes the same bits everywhere. A graphics card may not, even twice. */
  readonly backend?: GpuBackend;
}

export type GpuBackend = "webgpu" | "tensorflow";

/** Raised by hand whenever the same spec comes to another result: what was kept before is then refused. */
export const programVersion = 1;

/** What else a result is a function of. */
export interface Program {
  readonly programVersion: number;
  /** Rounds between two checkpoints: each segment has losses of its own. */
  readonly segmentRounds: number;
}

/** A file's name: to be read by people, and another one for everything that is not the same. */
export function keyOf(spec: RunSpec): string {
  const { task, workers, drop, meanBurst, outages } = spec;
  const hash = createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 8);
  const bursts = meanBurst > 1 ? `-bursts${meanBurst}` : "";
  const away = outages ? `-away${outages.share}` : "";
  const parity = task.parity > 0 ? `-parity${task.parity}` : "";
  return `${task.name}-${task.averaging}${parity}-n${workers}-p${drop}${bursts}${away}-s${task.seed}-${hash}`;
}
