import assert from "node:assert/strict";
import { test } from "node:test";
import { pixelsPerImage } from "../../shared/training/data/data-set.ts";
import type { ImageData, ImageSet } from "../../shared/training/data/data-set.ts";
import { createGlyphs } from "../../shared/training/data/glyphs.ts";
import { linearAccuracy } from "./softmax-regression.ts";

const glyphs = (shard: number, samplesPerShard = 2000, seed = 1): ImageData =>
  createGlyphs({ seed, shard, samplesPerShard, validationSamples: 2000 });

function imagesOf({ shape }: ImageData, set: ImageSet): Set<string> {
  const size = pixelsPerImage(shape);
  const images = Array.from({ length: set.count }, (_, i) => set.pixels.subarray(i * size, (i + 1) * size));
  return new Set(images.map((image) => Buffer.from(image).toString("base64")));
}

test("the same seed and shard draw the same images, to the byte", () => {
  assert.deepEqual(glyphs(3), glyphs(3));
  assert.notDeepEqual(glyphs(3).train.pixels, glyphs(3, 2000, 2).train.pixels);
});

test("every peer validates on the same images, and none of them is in a shard", () => {
  const validation = imagesOf(glyphs(0), glyphs(0).validation);
  assert.equal(validation.size, 2000);
  for (let shard = 0; shard < 4; shard++) {
    assert.deepEqual(glyphs(shard).validation, glyphs(0).validation);
    const train = imagesOf(glyphs(shard), glyphs(shard).train);
    assert.ok([...train].every((image) => !validation.has(image)));
  }
});

test("shards have no image in common", () => {
  const seen = new Set<string>();
  for (let shard = 0; shard < 8; shard++) {
    for (const image of imagesOf(glyphs(shard), glyphs(shard).train)) seen.add(image);
  }
  assert.equal(seen.size, 8 * 2000);
});

test("the classes are balanced, in every slice of ten", () => {
  const { train } = glyphs(0);
  for (let i = 0; i < train.count; i++) assert.equal(train.labels[i], i % 10);
});

test("a larger shard begins with the smaller one", () => {
  const small = glyphs(0, 100).train.pixels;
  assert.deepEqual(glyphs(0, 200).train.pixels.subarray(0, small.length), small);
});

test("drawing is fast: at least 5,000 images a second", () => {
  // The least of three times, and of processor time: other tests run beside it.
  const seconds = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    glyphs(0, 5000);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  assert.ok(Math.min(...seconds) < 1.4, `7,000 images took ${Math.min(...seconds)} s`);
});

test("a linear model, trained to convergence, stays below 90 %", () => {
  const accuracy = linearAccuracy(glyphs(0, 16_000), 15);
  assert.ok(accuracy < 0.9, `${accuracy}`);
  assert.ok(accuracy > 0.7, `${accuracy}: not trained at all?`);
});
