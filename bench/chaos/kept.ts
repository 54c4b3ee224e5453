/** What was measured, row by row, in the file that `npm run chaos -- --out` writes. */
import type { Row } from "./row.ts";
import type { Outcome } from "./run-row.ts";

export interface Kept extends Outcome {
  readonly command: string;
  readonly node: string;
  readonly cores: number;
  /** The processor's name; absent in rows that were kept before it was written down. */
  readonly processor?: string;
  /** What was measured: the checkout's commit, and the day. */
  readonly program?: { readonly commit: string; readonly day: string };
  /** Of the minute before the command: what else the machine was busy with. */
  readonly load: number;
  /** What was done, in the row's words and by its version then; absent in rows kept before that was written down. */
  readonly what?: string;
  readonly version?: number;
}

/** Measured by the row as it is today, and not by one of its name that did or asked something else. */
export function isOf(row: Row, { row: name, size, what, version = 1 }: Kept): boolean {
  const words = row.what[size];
  return name === row.name && version === (row.version ?? 1) && (what ?? words) === words;
}

/** A quick look does not replace a full measurement; one that came to grief half-way does. */
export function saysLess(fresh: Kept, known: Kept): boolean {
  const isSmaller = fresh.size === "short" && known.size === "full";
  if (fresh.failed !== undefined) return isSmaller;
  const isShorter = (fresh.minutes ?? 0) < (known.minutes ?? 0);
  return (
    isSmaller || (fresh.size === known.size && (isShorter || fresh.repeats.length < known.repeats.length))
  );
}

/** JSON knows neither NaN, which is null there, nor infinity, which is its name. */
export function toJson(rows: readonly Kept[]): string {
  const write = (_: string, value: unknown) => (value === Infinity ? "Infinity" : value);
  return `${JSON.stringify({ rows }, write, 2)}\n`;
}

/** Our own file. */
export function readKept(text: string): readonly Kept[] {
  const revive = (key: string, value: unknown) => (key === "measured" ? Number(value ?? NaN) : value);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (JSON.parse(text, revive) as { rows: Kept[] }).rows;
}
