/** The fault table's page: what is missed is what a reader sees first. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isOf, readKept, toJson } from "../../bench/chaos/kept.ts";
import type { Kept } from "../../bench/chaos/kept.ts";
import { isMet, worst } from "../../bench/chaos/row.ts";
import type { Check, Row } from "../../bench/chaos/row.ts";
import { groups as allGroups } from "../../bench/chaos/rows/all.ts";
import { inWords, tableOf } from "../../bench/chaos/table.ts";

function rowOf(name: string): Row {
  return {
    name,
    what: { full: `${name} in full`, short: `${name} in short` },
    repeats: { full: 2, short: 1 },
    seconds: { full: 1, short: 1 },
    run: () => Promise.resolve([]),
  };
}

function keptOf(row: string, checks: readonly Check[], more: Partial<Kept> = {}): Kept {
  const machine = { command: "npm run chaos", node: "v20", cores: 2, processor: "a processor", load: 0.5 };
  return { row, size: "full", seed: 1, checks, repeats: [checks, checks], seconds: 1, ...machine, ...more };
}

const groups = [
  { heading: "Some", rows: [rowOf("met"), rowOf("slow"), rowOf("ended")] },
  { heading: "Others", rows: [rowOf("once"), rowOf("never")] },
];
const good: Check = { what: "time", unit: "s", measured: 1, most: 2 };
const bad: Check = { what: "time", unit: "s", measured: 3, most: 2 };

test("what is missed comes first, then how much was measured, then the groups", () => {
  const kept = [
    keptOf("met", [good]),
    keptOf("slow", [good, bad]),
    keptOf("ended", [], { failed: "no | server" }),
    keptOf("once", [good], { repeats: [[good]] }),
  ];
  const lines = tableOf(groups, kept).split("\n");
  assert.deepEqual(lines.slice(0, 9), [
    "# Results: what breaks, and what happens then",
    "",
    "**Missed:**",
    "- `slow`: **time: 3 s (≤ 2)**",
    "- `ended`: ended by: no \\| server",
    "",
    "4 of 5 rows measured: 2 met, 2 missed; 0 in short form only, 1 with fewer repeats than they ask for (each says so). Not run: `never`.",
    "",
    "Measured on a processor, 2 cores, Node v20.",
  ]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("## ")),
    ["## Some", "## Others"],
  );
  assert.match(lines.find((line) => line.startsWith("| `once`")) ?? "", /\(once, of 2\).*\| met \|/);
  assert.match(lines.find((line) => line.startsWith("| `slow`")) ?? "", /\| \*\*missed\*\* \|/);
});

test("where nothing is missed the page says so", () => {
  assert.match(tableOf(groups, [keptOf("met", [good])]), /^Nothing that was run is missed\.$/m);
});

test("what a row of that name measured before it changed counts as not run", () => {
  const old = keptOf("met", [good]);
  const row = rowOf("met");
  assert.ok(isOf(row, old), "kept before words and versions were");
  assert.ok(isOf(row, { ...old, what: "met in full", version: 1 }));
  assert.ok(!isOf(row, { ...old, what: "something else" }));
  assert.ok(!isOf({ ...row, version: 2 }, old));
  assert.ok(isOf({ ...row, version: 2 }, { ...old, version: 2 }));
  const page = tableOf([{ heading: "Some", rows: [{ ...row, version: 2 }, rowOf("never")] }], [old]);
  assert.match(page, /0 of 2 rows measured.* Not run: `never`\. Not run since .*: `met`\.$/m);
  assert.match(page, /^\| `met` \| met in full \| not run \|/m);
});

test("what did not happen and what is without end meet no bar, are the worst, and survive being kept", () => {
  const figures = [NaN, Infinity, -Infinity].map((measured): Check => ({ ...good, measured }));
  const { most: _, ...bare } = good;
  for (const figure of figures) {
    assert.deepEqual(
      [isMet(figure), isMet({ ...bare, least: 0, measured: figure.measured })],
      [false, false],
    );
    assert.equal(worst([good, figure]), figure);
  }
  const [kept] = readKept(toJson([keptOf("met", figures)]));
  const words = [
    "**time: did not happen (≤ 2)**",
    "**time: infinite s (≤ 2)**",
    "**time: did not happen (≤ 2)**",
  ];
  assert.deepEqual([figures.map(inWords), kept?.checks.map(inWords)], [words, words]);
});

test("the page in docs/results is what today's rows make of the figures beside it", () => {
  const read = (name: string) =>
    readFileSync(new URL(`../../../docs/results/reliability.${name}`, import.meta.url), "utf8");
  const anew = "npm run chaos -- --out docs/results/reliability.json --table writes it anew";
  assert.equal(read("md"), tableOf(allGroups, readKept(read("json"))), anew);
});
