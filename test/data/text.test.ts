import assert from "node:assert/strict";
import { test } from "node:test";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { checkData } from "../../shared/training/data/load-data.ts";
import { loadText, loadTextTest } from "../../shared/training/data/text.ts";
import { dataFolder, specOf } from "./tiny-files.ts";

const spec = specOf({
  kind: "text",
  file: "a.txt",
  shards: 4,
  seed: 1,
  characters: 4,
  context: 3,
  validationSamples: 5,
});
const text = "abc𝄞".repeat(100);

test("characters are numbered by their code points, the last tenth is for validation", async (t) => {
  const folder = dataFolder(t);
  folder.write("a.txt", text);
  const source = createFolderSource(folder.path);
  const all: number[] = [];
  for (let shard = 0; shard < 4; shard++) {
    const { alphabet, train, validation } = await loadText(spec, { shard, source });
    assert.deepEqual(alphabet, ["a", "b", "c", "𝄞"]);
    assert.equal(train.count, train.characters.length - 3);
    assert.equal(validation.count, 5);
    assert.deepEqual(
      validation.characters,
      Uint8Array.from({ length: 40 }, (_, i) => i % 4),
    );
    all.push(...train.characters);
  }
  assert.equal(all.length, 360);
});

test("the whole last tenth can be had", async (t) => {
  const folder = dataFolder(t);
  folder.write("a.txt", text);
  const { validation } = await loadTextTest(spec, createFolderSource(folder.path));
  assert.equal(validation.count, 13);
});

const faults: readonly (readonly [what: string, content: Uint8Array | string, message: RegExp])[] = [
  [
    "another alphabet",
    `${text}d`,
    /^Error: a\.txt: has 5 different characters, data\.characters is 4: set it to 5$/,
  ],
  [
    "a byte that is no UTF-8",
    Uint8Array.from([...Buffer.from(text.slice(0, 9)), 0xff, 0x61]),
    /^Error: a\.txt: byte 13 is not UTF-8: convert the file \(iconv -t UTF-8\)$/,
  ],
  ["too little text", "abcäabcä", /^Error: a\.txt: has 8 characters, too few for 4 shards/],
];

for (const [what, content, message] of faults) {
  test(`refused: ${what}`, async (t) => {
    const folder = dataFolder(t);
    folder.write("a.txt", content);
    await assert.rejects(checkData(spec, createFolderSource(folder.path)), message);
  });
}

test("a missing file is named", async (t) => {
  await assert.rejects(
    checkData(spec, createFolderSource(dataFolder(t).path)),
    /^Error: a\.txt: there is no such file in /,
  );
});
