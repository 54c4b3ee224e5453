import assert from "node:assert/strict";
import { test } from "node:test";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { decodeImage } from "../../shared/training/data/decode-image.ts";
import { loadImages } from "../../shared/training/data/images.ts";
import { checkData } from "../../shared/training/data/load-data.ts";
import { scaleInto } from "../../shared/training/data/scale-image.ts";
import { dataFolder, specOf } from "./tiny-files.ts";

const spec = specOf({
  kind: "images",
  folder: "pets",
  classes: ["cats", "dogs"],
  height: 4,
  width: 4,
  channels: 3,
  shards: 2,
  seed: 1,
  validationSamples: 2,
});

/** One colour all over. */
function png(width: number, height: number, colour: readonly number[]): Uint8Array {
  const data = Uint8Array.from(
    { length: width * height * colour.length },
    (_, i) => colour[i % colour.length] ?? 0,
  );
  return encodePng({ width, height, channels: colour.length, data });
}

function jpg(width: number, height: number, [red = 0, green = 0, blue = 0]: readonly number[]): Uint8Array {
  const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => [red, green, blue, 255][i % 4] ?? 0);
  return jpeg.encode({ width, height, data }, 95).data;
}

async function scaled(bytes: Uint8Array, channels: 1 | 3, side = 2): Promise<number[]> {
  const pixels = new Uint8Array(side * side * channels);
  scaleInto(await decodeImage(bytes, "x"), { height: side, width: side, channels }, pixels, 0);
  return [...pixels];
}

test("a folder for each class: every picture is in one shard or held out", async (t) => {
  const folder = dataFolder(t);
  for (let i = 0; i < 5; i++) {
    folder.write(`pets/cats/${i}.png`, png(8 + i, 6, [200, 0, 10 * i]));
    folder.write(`pets/dogs/${i}.JPG`, jpg(16, 16, [0, 200, 0]));
  }
  folder.write("pets/cats/notes.txt", "no picture");
  folder.write("pets/cats/.hidden.png", "no picture");
  const source = createFolderSource(folder.path);
  const shards = await Promise.all([0, 1].map((shard) => loadImages(spec, { shard, source })));
  assert.equal(shards[0]?.validation.count, 2);
  assert.deepEqual(shards[0].validation, shards[1]?.validation);
  assert.deepEqual(
    shards.map(({ train }) => train.count),
    [4, 4],
  );
  for (const set of [...shards.map(({ train }) => train), shards[0].validation]) {
    for (let image = 0; image < set.count; image++) {
      const [red = 0, green = 0] = set.pixels.subarray(image * 48, image * 48 + 2);
      assert.equal(set.labels[image], red > green ? 0 : 1);
    }
  }
});

test("larger pictures are averaged, smaller ones repeated, longer ones cut in the middle", async () => {
  const data = Uint8Array.of(0, 100, 200, 100, 0, 100, 200, 100, 0, 0, 0, 0, 0, 0, 0, 0);
  const grey = encodePng({ width: 4, height: 4, channels: 1, data });
  assert.deepEqual(await scaled(grey, 1), [50, 150, 0, 0]);
  const wide = encodePng({ width: 4, height: 2, channels: 1, data: data.subarray(0, 8) });
  assert.deepEqual(await scaled(wide, 1), [100, 200, 100, 200]);
  const dot = encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(77) });
  assert.deepEqual(await scaled(dot, 1), [77, 77, 77, 77]);
});

test("colours, opacity and depth come out right", async () => {
  assert.deepEqual(await scaled(png(2, 2, [10, 20, 30]), 3, 1), [10, 20, 30]);
  assert.deepEqual(await scaled(png(2, 2, [100, 100, 100, 128]), 3, 1), [50, 50, 50]);
  assert.deepEqual(await scaled(png(2, 2, [255, 0, 0]), 1, 1), [76]);
  const deep = encodePng({ width: 1, height: 1, channels: 1, depth: 16, data: Uint16Array.of(32_896) });
  assert.deepEqual(await scaled(deep, 1, 1), [128]);
  const [red = 0, green = 0, blue = 0] = await scaled(jpg(8, 8, [10, 120, 230]), 3, 1);
  assert.ok(Math.abs(red - 10) < 5 && Math.abs(green - 120) < 5 && Math.abs(blue - 230) < 5);
});

test("a class without pictures, and too few of them, are named", async (t) => {
  const folder = dataFolder(t);
  folder.write("pets/cats/1.png", png(4, 4, [1, 2, 3]));
  const source = createFolderSource(folder.path);
  await assert.rejects(
    checkData(spec, source),
    /^Error: pets\/dogs: has no PNG or JPEG in .+, expected are the pictures of class "dogs"$/,
  );
  folder.write("pets/dogs/1.png", png(4, 4, [1, 2, 3]));
  await assert.rejects(
    checkData(spec, source),
    /^Error: pets: has 2 pictures, too few for data\.validationSamples 2/,
  );
});

test("a file that is no picture, a damaged one and a huge one are named", async () => {
  const bad = (bytes: Uint8Array, message: RegExp) => assert.rejects(decodeImage(bytes, "a.png"), message);
  await bad(new Uint8Array(9), /^Error: a\.png: begins like neither a PNG nor a JPEG at byte 0$/);
  const whole = png(8, 8, [1, 2, 3]);
  await bad(whole.subarray(0, 40), /^Error: a\.png: this PNG of 40 bytes can't be decoded \(.+\)$/);
  await bad(
    jpg(8, 8, [1, 2, 3]).subarray(0, 100),
    /^Error: a\.png: this JPEG of 100 bytes can't be decoded \(.+\)$/,
  );
  const huge = whole.slice();
  new DataView(huge.buffer).setUint32(16, 100_000);
  new DataView(huge.buffer).setUint32(20, 100_000);
  await bad(huge, /more than 25 megapixels/);
});
