/**
 * `npm run chaos`: breaks things under real trainings, one row of the fault table after the other, and keeps
 * what was measured. With `--out` the rows that were not run now stay as they are in the file, and the table
 * for people is written beside it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { flag, number, wholeNumber } from "../../peer-node/cli-options.ts";
import { usageError } from "../../peer-node/exit-codes.ts";
import { cleanup } from "../../peer-node/node-datachannel-link.ts";
import { mix } from "../../shared/core/rng.ts";
import { needsChromium, needsKernelLab } from "../../test/needs.ts";
import { keep, readOptions, resultFile, someOf } from "../options.ts";
import { groups, rows } from "./rows/all.ts";
import { isOf, readKept, saysLess, toJson } from "./kept.ts";
import type { Kept } from "./kept.ts";
import { isMet } from "./row.ts";
import type { Row } from "./row.ts";
import { createUnharmed, outcomeIsMet, runRow } from "./run-row.ts";
import { inWords, tableOf } from "./table.ts";

const { values } = readOptions({
  what: "what happens when peers, links and the server break under a training?",
  options: {
    row: someOf(
      rows.map(({ name }) => name),
      "which rows",
    ),
    short: flag("fewer peers, less time, once each, as in npm test"),
    repeats: wholeNumber("N", "how often each row is run (default: what it says)", { min: 1, max: 100 }),
    minutes: number("N", "how long the churn goes on (default: what the row says)", {
      min: 0.1,
      max: 10_000,
    }),
    seed: wholeNumber("N", "which victims and moments (default: 1)", { min: 0, max: 0xffff_ffff }),
    out: resultFile("keep the figures there, and the table beside it"),
    table: flag("run nothing: write the table anew from the figures that --out has"),
  },
});
const { row: names, short = false, repeats, minutes, seed = 1, out } = values;
if (values.table) {
  if (out === undefined) throw usageError("--table: says nothing without --out FILE.json");
  writeTable(out, readKept(readFileSync(out, "utf8")));
  process.exit(0);
}
const size = short ? "short" : "full";
const chosen = rows.filter(({ name }) => !names || names.includes(name));
const lacking = { "kernel lab": needsKernelLab(), Chromium: needsChromium() };

// What runs is killed, and namespaces are removed, as the process exits.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => process.exit(signal === "SIGINT" ? 130 : 143));

const machine = {
  node: process.version,
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? "a processor without a name",
};
const program = { commit: commitOf(), day: new Date().toISOString().slice(0, 10) };
const startedMs = performance.now();
const countOf = (row: Row) => repeats ?? row.repeats[size];
const secondsOf = (row: Row) =>
  row.minutes && minutes !== undefined ? 30 + 60 * minutes : row.seconds[size];
const expected = (of: readonly Row[]) => of.reduce((sum, row) => sum + countOf(row) * secondsOf(row), 0);
/** How much longer this machine takes than the rows say. */
let slowness = 1;
let missed = 0;

const unharmed = createUnharmed((text) => console.log(`    ${text}`));
for (const [index, row] of chosen.entries()) {
  const left = (slowness * expected(chosen.slice(index))) / 60;
  const head = `${index + 1}/${chosen.length} ${row.name}`;
  console.log(`${head}: ${row.what[size]} (about ${Math.ceil(left)} min left)`);
  const lacks = row.needs && lacking[row.needs];
  if (lacks) {
    console.log(`  skipped: ${lacks}`);
    continue;
  }
  const say = (text: string) => console.log(`    ${row.name}: ${text}`);
  const load = loadavg()[0] ?? NaN;
  const outcome = await runRow(row, {
    size,
    seed: mix(seed, hash(row.name)),
    unharmed,
    say,
    repeats,
    minutes,
  });
  slowness = (performance.now() - startedMs) / 1_000 / expected(chosen.slice(0, index + 1));
  for (const check of outcome.checks)
    console.log(`  ${isMet(check) ? "met   " : "MISSED"} ${inWords(check)}`);
  if (outcome.failed !== undefined) console.log(`  FAILED ${outcome.failed}`);
  if (!outcomeIsMet(outcome)) missed += 1;
  const { what, version = 1 } = row;
  if (out !== undefined)
    save(
      out,
      { ...outcome, what: what[size], version, command: commandFor(row), program, load, ...machine },
      row,
    );
}
console.log(missed === 0 ? "every row that was run is met" : `${missed} of ${chosen.length} rows missed`);
process.exitCode = missed === 0 ? 0 : 1;
// Rows that speak to peers have links in this process.
cleanup();

/** Nothing is measured differently where there is no git. */
function commitOf(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "of no known commit";
  }
}

/** A row's faults do not depend on which other rows are run. */
function hash(name: string): number {
  return mix(...Buffer.from(name));
}

function commandFor(row: Row): string {
  const words = [
    `npm run chaos -- --row ${row.name} --seed ${seed}`,
    ...(short ? ["--short"] : []),
    ...(repeats === undefined ? [] : [`--repeats ${repeats}`]),
    ...(minutes === undefined || !row.minutes ? [] : [`--minutes ${minutes}`]),
  ];
  return words.join(" ");
}

function save(file: string, outcome: Kept, row: Row): void {
  const before = existsSync(file) ? readKept(readFileSync(file, "utf8")) : [];
  const known = before.find((kept) => isOf(row, kept));
  if (known && saysLess(outcome, known)) {
    console.log(`  not kept: ${file} has it ${known.size}, ${known.repeats.length} times`);
    return;
  }
  const all = [...before.filter((kept) => kept.row !== outcome.row), outcome];
  const ordered = rows.flatMap(({ name }) => all.find((kept) => kept.row === name) ?? []);
  keep(file, toJson(ordered));
  writeTable(file, ordered);
}

function writeTable(file: string, kept: readonly Kept[]): void {
  keep(file.replace(/\.json$/, ".md"), tableOf(groups, kept));
}
