/** The fault table for people, from the kept figures: nothing in it is typed by hand. */
import { isMet } from "./row.ts";
import type { Check, Row } from "./row.ts";
import { outcomeIsMet } from "./run-row.ts";
import type { Outcome } from "./run-row.ts";

export interface Kept extends Outcome {
  readonly command: string;
  readonly node: string;
  readonly cores: number;
  /** Of the minute before the command: what else the machine was busy with. */
  readonly load: number;
}

export function tableOf(rows: readonly Row[], kept: readonly Kept[]): string {
  const missed = kept.filter((outcome) => !outcomeIsMet(outcome)).length;
  const lines = rows.map((row) =>
    lineOf(
      row,
      kept.find((outcome) => outcome.row === row.name),
    ),
  );
  return [
    "# Results: what breaks, and what happens then",
    "",
    "Real processes (`shoal serve`, `shoal join`) to which real things are done: signals, and packets that the kernel drops in network namespaces. Written by the command that measured it; [reliability.json](reliability.json) has every repeat. A figure is the worst of all repeats; a row that misses its bar says so. *Short form* is what `npm test` runs of a row: fewer peers, less time. Times on a busy machine are worse than they need be.",
    "",
    `${kept.length} of ${rows.length} rows measured, ${kept.length - missed} met, ${missed} missed.`,
    "",
    "| row | what is done | measured (bar) | | command |",
    "|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

function lineOf(row: Row, outcome: Kept | undefined): string {
  if (!outcome) return `| \`${row.name}\` | ${row.what.full} | not run at full size | – | |`;
  const { size, repeats, failed, checks, minutes, command, load, cores } = outcome;
  const times = repeats.length === 1 ? "once" : `${repeats.length} times`;
  const figures = [
    ...checks.map(inWords),
    ...(failed === undefined ? [] : [`**ended by**: ${cell(failed)}`]),
  ];
  const verdict = outcomeIsMet(outcome) ? "met" : "**missed**";
  const how = [
    times,
    ...(size === "short"
      ? ["short form"]
      : repeats.length < row.repeats.full
        ? [`of ${row.repeats.full}`]
        : []),
    ...(minutes !== undefined && minutes < (row.minutes?.[size] ?? 0) ? [`for ${minutes} minutes only`] : []),
    ...(load > cores ? [`on a busy machine: load ${rounded(load)} on ${cores} cores`] : []),
  ].join(", ");
  return `| \`${row.name}\` | ${row.what[size]} (${how}) | ${figures.join("; ")} | ${verdict} | \`${command}\` |`;
}

export function inWords(check: Check): string {
  const { what, unit, measured, most, least } = check;
  const bar = most === undefined ? least : most;
  const sign = most === undefined ? "≥" : "≤";
  const shown = [rounded(measured), unit].filter(Boolean).join(" ");
  const words = `${what}: ${Number.isFinite(measured) ? shown : "did not happen"}`;
  const text = bar === undefined ? words : `${words} (${sign} ${bar})`;
  return isMet(check) ? text : `**${text}**`;
}

function rounded(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)));
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
