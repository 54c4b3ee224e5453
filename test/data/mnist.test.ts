import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { checkData, loadData } from "../../shared/training/data/load-data.ts";
import { loadExamples } from "../../shared/training/data/load-examples.ts";
import { loadMnist, loadMnistTest } from "../../shared/training/data/mnist.ts";
import { dataFolder, idx, specOf, writeMnist } from "./tiny-files.ts";
import type { DataFolder } from "./tiny-files.ts";

const spec = specOf({ kind: "mnist", shards: 2, seed: 1, validationSamples: 5 });
const images = "mnist/train-images-idx3-ubyte";
const labels = "mnist/t10k-labels-idx1-ubyte";

for (const gz of [false, true]) {
  const form = gz ? "gzipped" : "plain";

  test(`${form}: every image is in one shard, with its own label`, async (t) => {
    const folder = dataFolder(t);
    writeMnist(folder, { gz });
    for (const split of [{ by: "chance" }, { by: "label", alpha: 1 }] as const) {
      const seen: number[] = [];
      for (const shard of [0, 1]) {
        const source = createFolderSource(folder.path);
        const { train, validation } = await loadMnist({ ...spec, split }, { shard, source });
        assert.ok(Math.abs(train.count - 20) <= 1, `${train.count}`);
        assert.deepEqual([...validation.labels], [0, 1, 2, 3, 4]);
        assert.equal(validation.pixels.length, 5 * 784);
        for (let image = 0; image < train.count; image++) {
          const number = train.pixels[image * 784 + 783] ?? NaN;
          assert.equal(train.labels[image], number % 10);
          seen.push(number);
        }
      }
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        [...Array(40).keys()],
      );
    }
  });

  test(`${form}: the whole test split can be had`, async (t) => {
    const folder = dataFolder(t);
    writeMnist(folder, { gz });
    const { validation } = await loadMnistTest(createFolderSource(folder.path));
    assert.equal(validation.count, 20);
  });
}

const again = /: get the file again \(docs\/data\.md\)$/;
const faults: readonly (readonly [what: string, spoil: (folder: DataFolder) => void, message: RegExp])[] = [
  [
    "another kind of file",
    (folder) => folder.write(images, idx([2049, 40, 28, 28], new Uint8Array(40 * 784))),
    /^Error: mnist\/train-images-idx3-ubyte: the number at byte 0 is 2049, expected is 2051/,
  ],
  [
    "pictures of another size",
    (folder) => folder.write(images, idx([2051, 40, 28, 32], new Uint8Array(40 * 28 * 32))),
    /the number at byte 12 is 32, expected is 28/,
  ],
  [
    "a file that is cut off",
    (folder) => folder.write(images, idx([2051, 40, 28, 28], new Uint8Array(39 * 784))),
    /has 30592 bytes, its header promises 31376 \(40 × 28 × 28\)/,
  ],
  [
    "no whole header",
    (folder) => folder.write(images, new Uint8Array(5)),
    /has 5 bytes, expected is a header of 16/,
  ],
  [
    "fewer labels than images",
    (folder) => folder.write(labels, idx([2049, 19], new Uint8Array(19))),
    /^Error: mnist\/t10k-labels-idx1-ubyte: the number at byte 4 is 19, expected is 20/,
  ],
  [
    "no images to validate with",
    (folder) => folder.write("mnist/t10k-images-idx3-ubyte", idx([2051, 0, 28, 28], new Uint8Array())),
    /^Error: mnist\/t10k-images-idx3-ubyte: has no images/,
  ],
  [
    "a label out of range",
    (folder) => folder.write(labels, idx([2049, 20], new Uint8Array(20).fill(10, 3, 4))),
    /t10k-labels-idx1-ubyte: the label at byte 11 is 10, expected is 0 … 9/,
  ],
];

for (const [what, spoil, message] of faults) {
  test(`refused with file and offset: ${what}`, async (t) => {
    const folder = dataFolder(t);
    writeMnist(folder);
    spoil(folder);
    const source = createFolderSource(folder.path);
    await assert.rejects(checkData(spec, source), message);
    await assert.rejects(loadData(spec, { shard: 0, source }), again);
  });
}

test("a gzip file that is cut off, or is none, is named", async (t) => {
  const folder = dataFolder(t);
  writeMnist(folder, { gz: true });
  const whole = gzipSync(idx([2051, 40, 28, 28], new Uint8Array(40 * 784)));
  const source = createFolderSource(folder.path);
  for (const content of [whole.subarray(0, 60), new Uint8Array(100)]) {
    folder.write(`${images}.gz`, content);
    await assert.rejects(
      loadData(spec, { shard: 0, source }),
      /^Error: mnist\/train-images-idx3-ubyte\.gz: can't be unpacked after byte \d+ of its content/,
    );
  }
});

test("a missing file is named in both forms", async (t) => {
  const source = createFolderSource(dataFolder(t).path);
  await assert.rejects(
    checkData(spec, source),
    /^Error: mnist\/t10k-images-idx3-ubyte\[\.gz\]: there is no such file in /,
  );
});

test("too few images for so many shards", async (t) => {
  const folder = dataFolder(t);
  writeMnist(folder);
  await assert.rejects(
    loadData({ ...spec, shards: 41 }, { shard: 0, source: createFolderSource(folder.path) }),
    /40 images to train on are too few for data\.shards 41/,
  );
});

test("examples are validation images, no more than the task has; of text there are none", async (t) => {
  const folder = dataFolder(t);
  writeMnist(folder);
  const source = createFolderSource(folder.path);
  const examples = await loadExamples(spec, 500, source);
  assert.equal(examples?.validation.count, 5);
  assert.equal(examples.train.count, 0);
  const glyphs = { kind: "glyphs", samplesPerShard: 10, validationSamples: 20, seed: 1 } as const;
  assert.equal((await loadExamples(glyphs, 7, source))?.validation.count, 7);
  const text = specOf({ kind: "text", shards: 1, seed: 1 });
  assert.equal(await loadExamples(text, 7, source), undefined);
});
