import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { loadAtis, loadAtisTest } from "../../shared/training/data/atis.ts";
import { checkData } from "../../shared/training/data/load-data.ts";
import { dataFolder, specOf, tinyAtis, writeAtis } from "./tiny-files.ts";

const spec = specOf(tinyAtis);

test("words, tags and intents are numbered by their letters; the unknown and the padding come first", async (t) => {
  const folder = dataFolder(t);
  writeAtis(folder);
  const source = createFolderSource(folder.path);
  const shards = await Promise.all([0, 1].map((shard) => loadAtis(spec, { shard, source })));
  const [first] = shards;
  assert.deepEqual(first?.tagNames, ["<unknown>", "B-city", "B-what", "O"]);
  assert.deepEqual(first?.intentNames, ["<unknown>", "fare", "flight"]);
  // boston fares flights now please rome to, from 2 on; "meals" is unknown.
  assert.deepEqual(first.validation, {
    count: 1,
    words: Uint16Array.of(1, 8, 2, 0),
    tags: Uint8Array.of(0, 3, 1, 0),
    lengths: Uint8Array.of(3),
    intents: Uint8Array.of(0),
  });
  const intents = shards.map(({ train }) => [...train.intents]);
  assert.deepEqual(
    intents.flat().toSorted((a, b) => a - b),
    [1, 2],
  );
  const long = shards.find(({ train }) => train.intents[0] === 1)?.train;
  assert.deepEqual(long?.words, Uint16Array.of(3, 8, 7, 6), "cut to data.length");
  assert.deepEqual(long.lengths, Uint8Array.of(4));
});

test("the test split keeps its own names beside the numbers", async (t) => {
  const folder = dataFolder(t);
  writeAtis(folder);
  const { validation, train, goldTags, goldIntents } = await loadAtisTest(
    spec,
    createFolderSource(folder.path),
  );
  assert.equal(train.count, 0);
  assert.deepEqual([...validation.tags], [3, 3, 0, 0]);
  assert.deepEqual(goldTags, [["O", "O", "B-fjord"]]);
  assert.deepEqual(goldIntents, ["flight"]);
});

const faults: readonly (readonly [
  what: string,
  changes: Readonly<Record<string, string>>,
  message: RegExp,
])[] = [
  [
    "a tag too few",
    { "train/seq.out": "O O B-city\nO O B-city O\n" },
    /^Error: atis\/train\/seq\.out: line 2 has 4 tags, expected is one for each of the 5 words in atis\/train\/seq\.in$/,
  ],
  [
    "a line too few",
    { "valid/label": "" },
    /^Error: atis\/valid\/label: has 0 lines, expected are the 1 of atis\/valid\/seq\.in$/,
  ],
  [
    "an intent too many",
    { "train/label": "flight\nflight\n" },
    /^Error: atis\/train\/label: has 2 different intents \(with unknown\), data\.intents is 3: set it to 2$/,
  ],
];

for (const [what, changes, message] of faults) {
  test(`refused with file and line: ${what}`, async (t) => {
    const folder = dataFolder(t);
    writeAtis(folder, changes);
    await assert.rejects(checkData(spec, createFolderSource(folder.path)), message);
  });
}

test("a vocabulary of another size than the task's is refused with the right one", async (t) => {
  const folder = dataFolder(t);
  writeAtis(folder);
  await assert.rejects(
    checkData({ ...spec, words: 8 }, createFolderSource(folder.path)),
    /^Error: atis\/train\/seq\.in: has 9 different words \(with padding and unknown\), data\.words is 8: set it to 9$/,
  );
});

test("a missing file is named", async (t) => {
  const folder = dataFolder(t);
  writeAtis(folder);
  rmSync(join(folder.path, "atis/valid/seq.out"));
  await assert.rejects(
    checkData(spec, createFolderSource(folder.path)),
    /^Error: atis\/valid\/seq\.out: there is no such file/,
  );
});
