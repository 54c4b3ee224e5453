import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as fc from "fast-check";
import { createRng } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import { startBackend } from "../../shared/training/backend.ts";
import { byteTable, imageTensor } from "../../shared/training/problems/image-batch.ts";
import { cpu } from "./fixture.ts";

const shape = { height: 6, width: 7, channels: 3 };
const size = 6 * 7 * 3;
const images = 3;
const pixels = Uint8Array.from({ length: images * size }, (_, i) => 1 + ((i * 37) % 255));
const normalization = { mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.25, 0.3] };
const table = byteTable({ shape, normalization });

before(() => startBackend(cpu));

function batch(which: readonly number[], rng?: Rng): Float32Array {
  const tensor = imageTensor({ pixels }, shape, table, Uint32Array.from(which), rng);
  const values = tensor.dataSync<"float32">();
  tensor.dispose();
  return values;
}

/** A pixel as the model sees it. */
const seen = (image: number, row: number, column: number, channel: number) => {
  const byte = pixels[image * size + (row * shape.width + column) * 3 + channel] ?? NaN;
  return Math.fround(
    (byte / 255 - (normalization.mean[channel] ?? 0)) / (normalization.deviation[channel] ?? 1),
  );
};

test("without augmentation every byte is normalized by its channel, in the order asked for", () => {
  const values = batch([2, 0]);
  for (const [at, image] of [2, 0].entries())
    for (let i = 0; i < size; i++)
      assert.equal(values[at * size + i], seen(image, Math.floor(i / 21), Math.floor(i / 3) % 7, i % 3));
});

test("without normalization bytes are parts of 255", () => {
  const plain = byteTable({ shape: { ...shape, channels: 1 } });
  assert.deepEqual([plain[0], plain[51], plain[255]], [0, Math.fround(0.2), 1]);
});

test("a crop shows the image moved by at most 4 pixels, 0 beyond its edge, half of them mirrored", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -4, max: 4 }),
      fc.integer({ min: -4, max: 4 }),
      fc.boolean(),
      (down, right, isMirrored) => {
        const draws = [down + 4, right + 4, Number(isMirrored)];
        const values = batch([1], { ...createRng(1), below: () => draws.shift() ?? 0 });
        for (let row = 0; row < 6; row++) {
          for (let column = 0; column < 7; column++) {
            const [y, x] = [row + down, (isMirrored ? 6 - column : column) + right];
            const isInside = y >= 0 && y < 6 && x >= 0 && x < 7;
            for (let channel = 0; channel < 3; channel++)
              assert.equal(values[(row * 7 + column) * 3 + channel], isInside ? seen(1, y, x, channel) : 0);
          }
        }
      },
    ),
  );
});

test("the same seed crops the same way", () => {
  assert.deepEqual(batch([0, 1, 2], createRng(5)), batch([0, 1, 2], createRng(5)));
  assert.notDeepEqual(batch([0, 1, 2], createRng(5)), batch([0, 1, 2], createRng(6)));
});
