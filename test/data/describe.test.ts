import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskInput } from "../../shared/core/task.ts";
import { describeData } from "../../shared/training/data/describe.ts";
import { syntheticData } from "../../shared/training/data/synthetic.ts";
import { specOf, taskOf, tinyAtis } from "./tiny-files.ts";

const sharded = { shards: 2, seed: 1 };
const table = {
  kind: "csv",
  file: "a.csv",
  label: "x",
  columns: 3,
  classes: ["a", "b"],
  ...sharded,
} satisfies TaskInput["data"];
const pictures = {
  kind: "images",
  folder: "pets",
  classes: ["cats", "dogs"],
  height: 5,
  width: 4,
  channels: 3,
  ...sharded,
} satisfies TaskInput["data"];
const text = { kind: "text", ...sharded } as const;

const all: readonly TaskInput["data"][] = [
  { kind: "glyphs", samplesPerShard: 10, validationSamples: 5, seed: 1 },
  { kind: "cifar10", ...sharded },
  { kind: "mnist", ...sharded },
  tinyAtis,
  text,
  table,
  pictures,
];

for (const data of all) {
  test(`${data.kind}: made-up data have the described shape and fit into it`, () => {
    const { data: spec } = taskOf(data);
    const description = describeData(spec);
    const made = syntheticData(spec, 7);
    assert.equal(made.kind, description.kind);
    assert.equal(made.train.count, 7);
    const largest = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((a, b) => Math.max(a, b), 0);
    if (made.kind === "images" && description.kind === "images") {
      const { height, width, channels } = description.shape;
      assert.deepEqual(made.shape, description.shape);
      assert.deepEqual(made.normalization, description.normalization);
      assert.equal(made.train.pixels.length, 7 * height * width * channels);
      assert.equal(description.labels.length, description.classes);
      assert.ok(largest(made.train.labels) < description.classes);
    } else if (made.kind === "table") {
      assert.equal(made.train.values.length, 7 * 3);
    } else if (made.kind === "tagged" && description.kind === "tagged") {
      assert.equal(made.tagNames.length, description.classes);
      assert.equal(made.train.words.length, 7 * description.length);
      assert.ok(largest(made.train.words) < description.words);
      assert.ok(largest(made.train.intents) < description.intents);
    } else if (made.kind === "text" && description.kind === "text") {
      assert.equal(made.train.characters.length, 7 + description.context);
      assert.ok(largest(made.train.characters) < made.alphabet.length);
    } else assert.fail(`${made.kind} and ${description.kind}`);
  });
}

test("the usual sizes need not be said", () => {
  assert.equal(specOf({ kind: "cifar10", ...sharded }).augmentation, "crop-flip");
  assert.equal(specOf({ kind: "atis", ...sharded }).words, 869);
  assert.equal(specOf(text).file, "tinyshakespeare/input.txt");
  assert.deepEqual(specOf(table).split, { by: "chance" });
});

const refused: readonly (readonly [what: string, data: unknown, message: RegExp])[] = [
  [
    "a way out of the folder",
    { ...table, file: "../a.csv" },
    /^Error: task: data\.file is "\.\.\/a\.csv": must be a relative path/,
  ],
  ["one further in", { ...table, file: "a/../../b" }, /^Error: task: data\.file is /],
  ["an absolute path", { ...table, file: "/etc/passwd" }, /^Error: task: data\.file is /],
  ["a hidden file", { ...table, file: "a/.env" }, /^Error: task: data\.file is /],
  ["another system's separator", { ...table, file: "a\\b" }, /^Error: task: data\.file is /],
  [
    "a class that leads elsewhere",
    { ...pictures, classes: ["cats", ".."] },
    /^Error: task: data\.classes\.1 is "\.\."/,
  ],
  ["no shards", { ...text, shards: 0 }, /^Error: task: data\.shards is 0/],
  [
    "text by label",
    { ...text, split: { by: "label", alpha: 1 } },
    /^Error: task: data\.split\.by is "label"/,
  ],
  [
    "no concentration",
    { ...table, split: { by: "label", alpha: 0 } },
    /^Error: task: data\.split\.alpha is 0/,
  ],
  ["one class", { ...table, classes: ["a"] }, /^Error: task: data\.classes is /],
];

for (const [what, data, message] of refused) {
  test(`a task is refused: ${what}`, () => {
    // Not a task's data: that is what is tested.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    assert.throws(() => taskOf(data as TaskInput["data"]), message);
  });
}
