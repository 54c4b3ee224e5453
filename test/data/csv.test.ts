import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { csvRows } from "../../shared/training/data/csv-rows.ts";
import { loadCsv } from "../../shared/training/data/csv.ts";
import { checkData } from "../../shared/training/data/load-data.ts";
import { dataFolder, specOf } from "./tiny-files.ts";

const spec = specOf({
  kind: "csv",
  file: "iris.csv",
  label: "species, as found",
  columns: 2,
  classes: ["setosa", "virginica"],
  shards: 3,
  seed: 1,
  validationSamples: 4,
});
const rows = Array.from({ length: 20 }, (_, i) => `${i},${i < 10 ? "setosa" : '"virginica"'},7`);
const header = 'length,"species, as found",width';
const good = `${[header, ...rows].join("\r\n")}\r\n`;

const parse = (text: string) => [...csvRows(Buffer.from(text), "x.csv")];

test("fields in quotes hold commas, quotes and line ends", () => {
  assert.deepEqual(parse('a,"b, ""c"""\n"d\ne",\n\nf,g'), [
    { line: 1, fields: ["a", 'b, "c"'] },
    { line: 2, fields: ["d\ne", ""] },
    { line: 5, fields: ["f", "g"] },
  ]);
  assert.deepEqual(parse('"a"'), [{ line: 1, fields: ["a"] }]);
  assert.deepEqual(parse("\r\n\n"), []);
  assert.throws(() => parse('a\n"b\nc'), /^Error: x\.csv: the quote that opens in line 2 is never closed$/);
  assert.throws(() => parse(",".repeat(10_000)), /^Error: x\.csv: line 1 has more than 8192 fields$/);
});

test("whatever is written is read, wherever the pieces end that it is read in", () => {
  const field = fc.string({ unit: fc.constantFrom("a", "ä", "€", "🐟", '"', ",", "\n", " "), maxLength: 6 });
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 5 });
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(table, fc.nat(40), (written, before) => {
      const padding = "x".repeat(64 * 1024 - before);
      const text = [[padding, ""], ...written].map((row) => row.map(quoted).join(",")).join("\r\n");
      assert.deepEqual(
        parse(text).map(({ fields }) => fields),
        [[padding, ""], ...written],
      );
    }),
  );
});

test("columns are standardised by all training rows; held-out rows are in no shard", async (t) => {
  const folder = dataFolder(t);
  folder.write("iris.csv", good);
  const source = createFolderSource(folder.path);
  const shards = await Promise.all([0, 1, 2].map((shard) => loadCsv(spec, { shard, source })));
  const values = shards.flatMap(({ train }) => [...train.values]);
  const lengths = values.filter((_, i) => i % 2 === 0);
  const widths = values.filter((_, i) => i % 2 === 1);
  assert.equal(lengths.length, 16);
  const mean = lengths.reduce((a, b) => a + b, 0) / 16;
  const variance = lengths.reduce((sum, value) => sum + value * value, 0) / 16;
  assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 1e-6, `${mean} ${variance}`);
  assert.ok(
    widths.every((width) => width === 0),
    "a column that is the same everywhere",
  );
  for (const { validation } of shards) assert.deepEqual(validation, shards[0]?.validation);
  const [first] = shards;
  const held = [...(first?.validation.values ?? [])].filter((_, i) => i % 2 === 0);
  assert.equal(new Set([...lengths, ...held]).size, 20);
  // The later rows are the longer ones, and virginica.
  const pairs = shards.flatMap(({ train }) =>
    [...train.labels].map((label, row) => [train.values[2 * row] ?? 0, label] as const),
  );
  const sorted = pairs.toSorted(([a], [b]) => a - b).map(([, label]) => label);
  assert.deepEqual(
    sorted,
    sorted.toSorted((a, b) => a - b),
  );
});

const line = (at: number, row: string) => `${[header, ...rows.with(at - 2, row)].join("\n")}\n`;
const faults: readonly (readonly [what: string, content: string, message: RegExp])[] = [
  ["nothing in it", "", /^Error: iris\.csv: is empty, expected is a header/],
  [
    "no such column",
    good.replace("species", "kind"),
    /its header has no column "species, as found" \(data\.label\)/,
  ],
  [
    "another number of columns",
    good.replaceAll("\r\n", ",1\r\n"),
    /has 3 columns besides "species, as found", data\.columns is 2: set it to 3$/,
  ],
  ["a field too few", line(5, "1,setosa"), /line 5 has 2 fields, expected are the 3 of the header$/],
  ["no number", line(6, "x,setosa,1"), /^Error: iris\.csv: line 6: length is "x", expected is a number$/],
  ["nothing for a number", line(6, ",setosa,1"), /line 6: length is "", expected is a number$/],
  [
    "no such class",
    line(7, "1,tulip,1"),
    /line 7: species, as found is "tulip", expected is one of data\.classes \(setosa, virginica\)$/,
  ],
  [
    "too few rows",
    [header, ...rows.slice(0, 5)].join("\n"),
    /has 5 rows, too few for data\.validationSamples 4/,
  ],
];

for (const [what, content, message] of faults) {
  test(`refused with file and line: ${what}`, async (t) => {
    const folder = dataFolder(t);
    folder.write("iris.csv", content);
    await assert.rejects(checkData(spec, createFolderSource(folder.path)), message);
  });
}
