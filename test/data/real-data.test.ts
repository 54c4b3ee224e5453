/** The real files, where SHOAL_DATA says where they are: what the tasks' defaults and docs/data.md say of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { loadAtisTest } from "../../shared/training/data/atis.ts";
import { loadCifar10, loadCifar10Test } from "../../shared/training/data/cifar10.ts";
import { checkData, loadData } from "../../shared/training/data/load-data.ts";
import { needsData } from "../needs.ts";
import { specOf } from "./tiny-files.ts";

const source = () => createFolderSource(process.env["SHOAL_DATA"] ?? "");
const count = (labels: Uint8Array, classes = 10) => {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
};

const largest = (numbers: Uint8Array | Uint16Array) =>
  Array.from(numbers).reduce((a, b) => Math.max(a, b), 0);

test(
  "CIFAR-10: 1,000 test images of each class, the usual means, balanced shards",
  { skip: needsData() },
  async () => {
    const spec = specOf({ kind: "cifar10", shards: 5, seed: 1 });
    await checkData(spec, source());
    const whole = await loadCifar10Test(spec, source());
    assert.deepEqual(
      count(whole.validation.labels),
      Array.from({ length: 10 }, () => 1_000),
    );
    const { train, normalization } = await loadCifar10(spec, { shard: 2, source: source() });
    assert.ok(Math.abs(train.count - 10_000) <= 16);
    for (const images of count(train.labels)) assert.ok(Math.abs(images - 1_000) < 120, `${images}`);
    for (const channel of [0, 1, 2]) {
      let sum = 0;
      for (let at = channel; at < train.pixels.length; at += 3) sum += train.pixels[at] ?? 0;
      const mean = sum / (train.pixels.length / 3) / 255;
      assert.ok(Math.abs(mean - (normalization?.mean[channel] ?? 0)) < 0.01, `${mean}`);
    }
  },
);

test("MNIST: 60,000 and 10,000 digits, of every kind", { skip: needsData() }, async () => {
  const spec = specOf({ kind: "mnist", shards: 1, seed: 1, validationSamples: 10_000 });
  const data = await loadData(spec, { shard: 0, source: source() });
  assert.ok(data.kind === "images");
  assert.equal(data.train.count, 60_000);
  assert.deepEqual(
    count(data.validation.labels),
    [980, 1_135, 1_032, 1_010, 982, 892, 958, 1_028, 974, 1_009],
  );
});

test("ATIS: 867 words, 120 tags and 21 intents in 4,478 sentences", { skip: needsData() }, async () => {
  const spec = specOf({ kind: "atis", shards: 1, seed: 1 });
  const data = await loadData(spec, { shard: 0, source: source() });
  assert.ok(data.kind === "tagged");
  assert.deepEqual([data.train.count, data.validation.count], [4_478, 500]);
  assert.deepEqual([data.words, data.tagNames.length, data.intentNames.length], [869, 121, 22]);
  assert.equal(largest(data.train.words), 868);
  assert.equal(largest(data.train.lengths), 46);
  const tokens = data.train.lengths.reduce((sum, length) => sum + length, 0);
  assert.equal(tokens, 50_497);
  const whole = await loadAtisTest(spec, source());
  assert.deepEqual([whole.validation.count, whole.goldTags.flat().length], [893, 9_164]);
});

test("tiny Shakespeare: 65 characters, 1,115,394 in all", { skip: needsData() }, async () => {
  const spec = specOf({ kind: "text", shards: 1, seed: 1 });
  const data = await loadData(spec, { shard: 0, source: source() });
  assert.ok(data.kind === "text");
  assert.equal(data.alphabet.length, 65);
  assert.equal(data.train.characters.length + data.validation.characters.length, 1_115_394);
  assert.equal(data.validation.characters.length, 111_540);
});
