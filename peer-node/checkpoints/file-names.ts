/**
 * What a checkpoint's two files are called. Parameters carry their digest in their name, so that a file is
 * never overwritten by other parameters: what a manifest names stays what it was.
 */
import { createHash } from "node:crypto";
import type { Task } from "../../shared/core/task.ts";

export interface CheckpointName {
  /** Task's name and the beginning of its digest: the checkpoints of one task in a folder. */
  readonly series: string;
  readonly round: number;
  readonly kind: "manifest" | "parameters" | "unfinished";
}

const namePattern =
  /^([a-z0-9][a-z0-9-]{0,47}-[0-9a-f]{8})-round-(\d{1,10})(\.json|-[0-9a-f]{16}\.safetensors)(\.(?:\d{1,10}\.)?tmp)?$/;

export function seriesOf(task: Task): string {
  return `${task.name}-${sha256(canonical(task)).slice(0, 8)}`;
}

export function manifestName(series: string, round: number): string {
  return `${series}-round-${round}.json`;
}

export function parametersName(series: string, round: number, digest: string): string {
  return `${series}-round-${round}-${digest.slice(0, 16)}.safetensors`;
}

/** Of this process: two that were given the same folder must not write into one file. */
export function unfinishedName(name: string): string {
  return `${name}.${process.pid}.tmp`;
}

/** Undefined for what is no file of ours. */
export function readName(file: string): CheckpointName | undefined {
  const [, series, round, end, unfinished] = namePattern.exec(file) ?? [];
  if (series === undefined) return undefined;
  const kind = end === ".json" ? "manifest" : "parameters";
  return { series, round: Number(round), kind: unfinished === undefined ? kind : "unfinished" };
}

export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The same text for the same JSON value, whatever the order of its fields. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
