import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { eachCodePoint } from "../../shared/training/data/code-points.ts";
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

test("code points are those that the platform's own decoder finds, and so is what is none", () => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  const good = fc.string({ unit: "binary" }).map((value) => new TextEncoder().encode(value));
  const marked = good.map((bytes) => Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes));
  const anything = fc.uint8Array({ maxLength: 6 });
  const leads = fc.tuple(fc.integer({ min: 0xc0, max: 0xff }), fc.uint8Array({ min: 0x7f, max: 0xc0 }));
  const nearly = leads.map(([lead, more]) => Uint8Array.of(lead, ...more));
  fc.assert(
    fc.property(fc.oneof(good, marked, anything, nearly), (bytes) => {
      const codes: number[] = [];
      const bad = eachCodePoint(bytes, (code) => codes.push(code));
      const decoded = strict.decode(bytes.subarray(0, bad));
      assert.deepEqual(
        codes,
        Array.from(decoded, (character) => character.codePointAt(0)),
      );
      if (bad !== undefined) assert.throws(() => strict.decode(bytes.subarray(bad)));
    }),
    { numRuns: 2_000 },
  );
});

test("a missing file is named", async (t) => {
  await assert.rejects(
    checkData(spec, createFolderSource(dataFolder(t).path)),
    /^Error: a\.txt: there is no such file in /,
  );
});
