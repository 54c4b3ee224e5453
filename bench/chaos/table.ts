/** The fault table for people, from the kept figures: nothing in it is typed by hand. */
import { isOf } from "./kept.ts";
import type { Kept } from "./kept.ts";
import { isMet } from "./row.ts";
import type { Check, Row } from "./row.ts";
import { outcomeIsMet } from "./run-row.ts";

export interface Group {
  readonly heading: string;
  readonly rows: readonly Row[];
}

/** @param all also of rows that are gone or have changed since: they count as not measured */
export function tableOf(groups: readonly Group[], all: readonly Kept[]): string {
  const rows = groups.flatMap((group) => group.rows);
  const keptOf = (row: Row) => all.find((outcome) => isOf(row, outcome));
  const kept = rows.flatMap((row) => keptOf(row) ?? []);
  const missed = kept.filter((outcome) => !outcomeIsMet(outcome));
  const short = kept.filter(({ size }) => size === "short");
  const fewer = rows.filter((row) => isFewer(row, keptOf(row)));
  const notRun = rows.filter((row) => !keptOf(row));
  const isChanged = ({ name }: Row) => all.some((outcome) => outcome.row === name);
  return [
    "# Results: what breaks, and what happens then",
    "",
    ...(missed.length > 0 ? ["**Missed:**", ...missed.map(missedLine)] : ["Nothing that was run is missed."]),
    "",
    `${kept.length} of ${rows.length} rows measured: ${kept.length - missed.length} met, ${missed.length} missed; ${short.length} in short form only, ${fewer.length} with fewer repeats than they ask for (each says so).${namesOf(
      " Not run: ",
      notRun.filter((row) => !isChanged(row)),
    )}${namesOf(" Not run since they do or ask something else: ", notRun.filter(isChanged))}`,
    "",
    `Measured on ${machinesOf(kept).join("; ")}.`,
    "",
    "Written by the command that measured it (`npm run chaos`, [how](../design.md#the-fault-table)); [reliability.json](reliability.json) has every repeat. A figure is the worst of all repeats; its bar is in brackets, one without is for information. *Short form*: fewer peers, less time, once. Times on a busy machine are worse than they need be. *Program*: the commit that was measured, and when; with * the one that wrote the figure down, which is that or a later one.",
    ...groups.flatMap(({ heading, rows: own }) => [
      "",
      `## ${heading}`,
      "| row | what is done | measured (bar) | | program | command |",
      "|---|---|---|---|---|---|",
      ...own.map((row) => lineOf(row, keptOf(row))),
    ]),
    "",
  ].join("\n");
}

/** Short ones are said to be short; how often says nothing then. */
function isFewer(row: Row, outcome: Kept | undefined): boolean {
  return outcome?.size === "full" && outcome.repeats.length < row.repeats.full;
}

function namesOf(before: string, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  return `${before}${rows.map(({ name }) => `\`${name}\``).join(", ")}.`;
}

function missedLine({ row, checks, failed }: Kept): string {
  const what = failed === undefined ? [] : [`ended by: ${cell(failed)}`];
  return `- \`${row}\`: ${[...checks.filter((check) => !isMet(check)).map(inWords), ...what].join("; ")}`;
}

/** The ones that say more first. */
function machinesOf(kept: readonly Kept[]): readonly string[] {
  const named = kept.map(({ processor, cores, node }) => ({
    processor,
    rest: `${cores} cores, Node ${node}`,
  }));
  const known = named.filter((machine) => machine.processor !== undefined);
  const unnamed = named.filter(({ rest }) => !known.some((machine) => machine.rest === rest));
  return [
    ...new Set(
      [...known, ...unnamed].map(({ processor, rest }) => [processor, rest].filter(Boolean).join(", ")),
    ),
  ];
}

function lineOf(row: Row, outcome: Kept | undefined): string {
  if (!outcome) return `| \`${row.name}\` | ${row.what.full} | not run | – | | |`;
  const { size, repeats, failed, checks, minutes, command, program, load, cores } = outcome;
  const times = repeats.length === 1 ? "once" : `${repeats.length} times`;
  const figures = [
    ...checks.map(inWords),
    ...(failed === undefined ? [] : [`**ended by**: ${cell(failed)}`]),
  ];
  const verdict = outcomeIsMet(outcome) ? "met" : "**missed**";
  const how = [
    times,
    ...(size === "short" ? ["short form"] : isFewer(row, outcome) ? [`of ${row.repeats.full}`] : []),
    ...(minutes !== undefined && minutes < (row.minutes?.[size] ?? 0) ? [`for ${minutes} minutes only`] : []),
    ...(load > cores ? [`on a busy machine: load ${rounded(load)} on ${cores} cores`] : []),
  ].join(", ");
  return `| \`${row.name}\` | ${row.what[size]} (${how}) | ${figures.join("; ")} | ${verdict} | ${program ? `${program.commit}, ${program.day}` : ""} | \`${command}\` |`;
}

export function inWords(check: Check): string {
  const { what, unit, measured, most, least } = check;
  const bar = most === undefined ? least : most;
  const sign = most === undefined ? "≥" : "≤";
  const shown = [rounded(measured), unit].filter(Boolean).join(" ");
  const words = `${what}: ${Number.isFinite(measured) || measured === Infinity ? shown : "did not happen"}`;
  const text = bar === undefined ? words : `${words} (${sign} ${bar})`;
  return isMet(check) ? text : `**${text}**`;
}

function rounded(value: number): string {
  if (value === Infinity) return "infinite";
  return String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)));
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
