import assert from "node:assert/strict";
import { test } from "node:test";
import { dataBytes } from "../../shared/training/data/data-bytes.ts";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { specOf } from "./tiny-files.ts";

/** Files of these sizes; a table is rows of "1,2\n". */
function sourceOf(sizes: Readonly<Record<string, number>>): DataSource {
  return {
    place: "nowhere",
    size: async (file) => sizes[file],
    list: async () => Array.from({ length: 300 }, (_, index) => `${index}.png`),
    read: async (_, { length } = { from: 0, length: 0 }) => Buffer.from("1,2\n".repeat(length / 4)),
    gather: () => assert.fail("nothing is gathered"),
  };
}

const sharded = { shards: 4, seed: 1 };
const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value / expected - 1) < 0.05, `${value}, not about ${expected}`);

test("what is drawn takes a byte for each pixel, whatever there is on disk", async () => {
  const spec = specOf({ kind: "glyphs", samplesPerShard: 90_000, validationSamples: 10_000, seed: 1 });
  const { held, reading } = await dataBytes(spec, undefined);
  near(held, 100_000 * 256);
  assert.equal(reading, held);
});

test("of CIFAR-10 a peer has its shard and the validation images, twice while it reads them", async () => {
  const { held, reading } = await dataBytes(specOf({ kind: "cifar10", ...sharded }), sourceOf({}));
  near(held, 14_500 * 3_072);
  assert.equal(reading, 2 * held);
});

test("zipped MNIST is unpacked as a whole", async () => {
  const spec = specOf({ kind: "mnist", ...sharded });
  const plain = await dataBytes(spec, sourceOf({ "mnist/train-images-idx3-ubyte": 47_040_016 }));
  near(plain.reading, 17_000 * 784);
  const zipped = {
    "mnist/train-images-idx3-ubyte.gz": 9_912_398,
    "mnist/t10k-images-idx3-ubyte.gz": 1_648_877,
  };
  // Measured: 131 MB for one of 16 shards.
  near((await dataBytes({ ...spec, shards: 16 }, sourceOf(zipped))).reading, 120e6);
});

test("pictures are counted, and the validation ones are known without", async () => {
  const images = {
    kind: "images" as const,
    folder: "x",
    classes: ["a", "b"],
    height: 100,
    width: 100,
    channels: 3 as const,
  };
  const spec = specOf({ ...images, ...sharded, validationSamples: 200 });
  near((await dataBytes(spec, undefined)).held, 200 * 30_000);
  near((await dataBytes(spec, sourceOf({}))).held, 300 * 30_000);
});

test("texts and tables are several times their files while they are read", async () => {
  const text = await dataBytes(
    specOf({ kind: "text", file: "a.txt", ...sharded }),
    sourceOf({ "a.txt": 1e7 }),
  );
  // Measured: 28 MB.
  assert.deepEqual(text, { held: 2e7, reading: 3e7 });
  const table = {
    kind: "csv" as const,
    file: "a.csv",
    label: "y",
    columns: 1,
    classes: ["1", "2"],
    ...sharded,
  };
  const { reading } = await dataBytes(specOf(table), sourceOf({ "a.csv": 2e7 }));
  // Ten million fields of two bytes.
  near(reading, 180e6);
});
