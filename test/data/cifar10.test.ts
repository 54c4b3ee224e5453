import assert from "node:assert/strict";
import { rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { loadCifar10 } from "../../shared/training/data/cifar10.ts";
import { checkData, loadData } from "../../shared/training/data/load-data.ts";
import { cifarFile, dataFolder, specOf, writeCifar } from "./tiny-files.ts";

const spec = specOf({ kind: "cifar10", shards: 64, seed: 1, validationSamples: 20 });
const record = 3_073;

test("planes become pixels: red, green, blue beside each other", async (t) => {
  const folder = dataFolder(t);
  // Test image 2: a cat; the second pixel of its first row is 10, 20, 30.
  const at = 2 * record;
  writeCifar(folder, [
    ["test_batch", at, 3],
    ["test_batch", at + 1 + 1, 10],
    ["test_batch", at + 1 + 1_024 + 1, 20],
    ["test_batch", at + 1 + 2_048 + 1, 30],
  ]);
  const { validation, train, shape, classes } = await loadCifar10(spec, {
    shard: 0,
    source: createFolderSource(folder.path),
  });
  assert.deepEqual(shape, { height: 32, width: 32, channels: 3 });
  assert.equal(classes, 10);
  assert.equal(validation.count, 20);
  assert.deepEqual([...validation.labels.subarray(0, 4)], [0, 0, 3, 0]);
  const image = validation.pixels.subarray(2 * 3_072, 3 * 3_072);
  assert.deepEqual([...image.subarray(0, 9)], [0, 0, 0, 10, 20, 30, 0, 0, 0]);
  assert.ok(Math.abs(train.count - 50_000 / 64) <= 16);
  assert.equal(train.pixels.length, train.count * 3_072);
});

test("by chance and by label, the marked images are each in one shard", async (t) => {
  const folder = dataFolder(t);
  // Ten in each file, on both sides of its ends, with numbers in their first pixel.
  const marks = [1, 2, 3, 4, 5].flatMap((batch) =>
    [0, 1, 5_000, 9_998, 9_999].flatMap((image, index) => [
      [`data_batch_${batch}`, image * record, batch] as const,
      [`data_batch_${batch}`, image * record + 1, 10 * batch + index] as const,
    ]),
  );
  writeCifar(folder, marks);
  const source = createFolderSource(folder.path);
  for (const split of [{ by: "chance" }, { by: "label", alpha: 0.5 }] as const) {
    const found: number[] = [];
    for (let shard = 0; shard < 4; shard++) {
      const of = { ...spec, split, shards: 4 };
      const { train } = await loadCifar10(of, { shard, source });
      for (let image = 0; image < train.count; image++) {
        const mark = train.pixels[image * 3_072] ?? 0;
        if (mark === 0) continue;
        found.push(mark);
        assert.equal(train.labels[image], Math.floor(mark / 10));
      }
    }
    const expected = [1, 2, 3, 4, 5].flatMap((batch) => [0, 1, 2, 3, 4].map((index) => 10 * batch + index));
    assert.deepEqual(
      found.toSorted((a, b) => a - b),
      expected,
      split.by,
    );
  }
});

test("a label out of range is named with its file and byte", async (t) => {
  const folder = dataFolder(t);
  writeCifar(folder, [["test_batch", 7 * record, 10]]);
  await assert.rejects(loadData(spec, { shard: 0, source: createFolderSource(folder.path) }), {
    message:
      "cifar-10-batches-bin/test_batch.bin: the label at byte 21511 is 10, expected is 0 … 9: " +
      "get the file again (docs/data.md)",
  });
  writeCifar(folder, [["data_batch_3", 9_999 * record, 255]]);
  const byLabel = { ...spec, split: { by: "label", alpha: 1 } } as const;
  await assert.rejects(
    loadData(byLabel, { shard: 0, source: createFolderSource(folder.path) }),
    /^Error: cifar-10-batches-bin\/data_batch_3\.bin: the label at byte 30726927 is 255, expected is 0 … 9/,
  );
});

test("a file that is too short, too long or missing is named before anybody trains", async (t) => {
  const folder = dataFolder(t);
  const source = createFolderSource(folder.path);
  writeCifar(folder);
  const file = join(folder.path, cifarFile("data_batch_2"));
  truncateSync(file, 5 * record + 10);
  await assert.rejects(checkData(spec, source), {
    message:
      "cifar-10-batches-bin/data_batch_2.bin: has 15375 bytes, it ends in record 5; " +
      "expected are 30730000 (10,000 records of 3073): get it again (docs/data.md)",
  });
  truncateSync(file, 30_730_001);
  await assert.rejects(
    checkData(spec, source),
    /data_batch_2\.bin: has 30730001 bytes, expected are 30730000/,
  );
  rmSync(file);
  await assert.rejects(checkData(spec, source), {
    message:
      `cifar-10-batches-bin/data_batch_2.bin: there is no such file in ${folder.path}; ` +
      "docs/data.md says where to get it",
  });
});

test("without a folder one sentence says what is needed", async () => {
  await assert.rejects(loadData(spec, { shard: 0 }), {
    message: "data.kind (cifar10): its files are needed, --data-dir DIR says where they are (docs/data.md)",
  });
});
