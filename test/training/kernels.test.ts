import assert from "node:assert/strict";
import { before, test } from "node:test";
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { createRng } from "../../shared/core/rng.ts";
import { select, startBackend } from "../../shared/training/backend.ts";
import { wasmBackend } from "../../shared/training/wasm-heap.ts";
import { cpu, distance, wasm } from "./fixture.ts";

const rng = createRng(11);
const random = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
    shape,
  );

/** The same computation on both backends. */
async function both(compute: () => tf.Tensor) {
  const values: ArrayLike<number>[] = [];
  for (const name of ["wasm", "cpu"]) {
    await select(name, "it was current before");
    values.push(tf.tidy(compute).dataSync());
  }
  return { onWasm: values[0] ?? [], onCpu: values[1] ?? [] };
}

before(async () => {
  await startBackend(cpu);
  assert.match(await startBackend(wasm), /^wasm \(SIMD\)$/);
});

test("our kernels reach into tfjs 4.22.0: another version needs another look at them", () => {
  assert.deepEqual([tf.version_core, version_wasm, version_cpu], ["4.22.0", "4.22.0", "4.22.0"]);
  const backend = wasmBackend();
  const output = backend.makeOutput([2], "float32");
  assert.equal(backend.typedArrayFromHeap(output).length, 2);
  assert.ok(backend.disposeData(output.dataId));
});

const convolutions = [
  { images: [2, 5, 7, 3], filter: [3, 3, 3, 4], pad: "same" },
  { images: [3, 6, 6, 1], filter: [3, 3, 1, 2], pad: "valid" },
  { images: [1, 8, 8, 4], filter: [5, 5, 4, 3], pad: "same" },
  { images: [4, 4, 4, 2], filter: [1, 1, 2, 6], pad: "valid" },
  { images: [2, 5, 5, 2], filter: [2, 2, 2, 2], pad: "same" },
] as const;

for (const { images, filter, pad } of convolutions) {
  test(`convolution of ${images.join("×")} with ${filter.join("×")}, ${pad}: gradients as on cpu`, async () => {
    await select("cpu", "it was current before");
    const [x, w] = [random(...images).dataSync(), random(...filter).dataSync()];
    const gradientOf = (which: 0 | 1) => () => {
      const loss = (a: tf.Tensor, b: tf.Tensor) =>
        tf.sum(
          tf.relu(
            tf.conv2d(tf.reshape<tf.Rank.R4>(a, [...images]), tf.reshape<tf.Rank.R4>(b, [...filter]), 1, pad),
          ),
        );
      const [first, second] = tf.grads(loss)([tf.tensor(x, [...images]), tf.tensor(w, [...filter])]);
      const gradient = which === 0 ? first : second;
      return gradient ?? tf.scalar(NaN);
    };
    for (const which of [0, 1] as const) {
      const { onWasm, onCpu } = await both(gradientOf(which));
      assert.equal(onWasm.length, onCpu.length);
      assert.ok(distance(onWasm, onCpu) < 1e-6, `input ${which}: ${distance(onWasm, onCpu)}`);
    }
  });
}

test("a convolution with strides is refused in one sentence, not computed wrongly", async () => {
  await select("wasm", "it was current before");
  const images = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
  const loss = (w: tf.Tensor) =>
    tf.sum(tf.conv2d(images, tf.reshape<tf.Rank.R4>(w, [3, 3, 1, 1]), 2, "same"));
  assert.throws(() => tf.grad(loss)(tf.ones([3, 3, 1, 1])), /only stride 1 can be trained on wasm/);
});

test("a max pool's gradient is right where all values of a window are negative", async () => {
  const values = Float32Array.from({ length: 2 * 6 * 6 * 3 }, () => -1 - rng.float());
  const weights = Float32Array.from({ length: 2 * 3 * 3 * 3 }, () => rng.normal());
  const { onWasm, onCpu } = await both(() => {
    const weighting = tf.tensor(weights, [2, 3, 3, 3]);
    const loss = (x: tf.Tensor) =>
      tf.sum(tf.mul(tf.maxPool(tf.reshape<tf.Rank.R4>(x, [2, 6, 6, 3]), 2, 2, "valid"), weighting));
    return tf.grad(loss)(tf.tensor(values, [2, 6, 6, 3]));
  });
  assert.deepEqual(onWasm, onCpu);
  assert.equal(Array.from(onWasm).filter((value) => value !== 0).length, weights.length);
});

for (const [transposeA, transposeB] of [
  [true, false],
  [false, true],
  [true, true],
] as const) {
  test(`matMul with transposes (${transposeA}, ${transposeB}) as on cpu`, async () => {
    const [a, b] = [random(5, 5).dataSync(), random(5, 5).dataSync()];
    const { onWasm, onCpu } = await both(() =>
      tf.matMul(tf.tensor(a, [5, 5]), tf.tensor(b, [5, 5]), transposeA, transposeB),
    );
    assert.ok(distance(onWasm, onCpu) < 1e-6);
  });
}
