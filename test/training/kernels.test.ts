/** Every kernel of ours against the same operation composed on tfjs's cpu backend, on random shapes. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import * as fc from "fast-check";
import { startBackend } from "../../shared/training/backend.ts";
import { assertVersions, knownVersion } from "../../shared/training/kernels/kernel-module.ts";
import { batchNorm } from "../../shared/training/ops/batch-norm.ts";
import { crossEntropy } from "../../shared/training/ops/cross-entropy.ts";
import { linear } from "../../shared/training/ops/linear.ts";
import { cpu, wasm } from "./fixture.ts";
import { kernelBuild, kernelDigests } from "./kernel-digests.ts";
import { operationTable } from "./operation-table.ts";
import type { Case } from "./operation-table.ts";
import { floats, rank4, relativeDistance, resultsOn, tensorOf } from "./operations.ts";
import type { Compute } from "./operations.ts";

const tolerance = 1e-5;

before(async () => {
  await startBackend(cpu);
  assert.match(await startBackend(wasm), /^wasm \(SIMD\)$/);
});

async function assertEqual({ inputs, compute }: Case): Promise<void> {
  const ours = await resultsOn("wasm", inputs, compute);
  const theirs = await resultsOn("cpu", inputs, compute);
  assert.equal(ours.value.length, theirs.value.length);
  const value = relativeDistance(ours.value, theirs.value);
  assert.ok(value <= tolerance, `the value is off by ${value}`);
  for (const [index, gradient] of theirs.gradients.entries()) {
    const off = relativeDistance(ours.gradients[index] ?? [], gradient);
    assert.ok(off <= tolerance, `the gradient of input ${index} is off by ${off}`);
  }
}

for (const { name, runs, cases } of operationTable) {
  test(name, async () => {
    await fc.assert(fc.asyncProperty(cases, assertEqual), { numRuns: runs, seed: 4, endOnFailure: true });
  });
}

test("products of matrices that fill several blocks", async () => {
  await assertEqual({
    inputs: [floats(1, 70, 530), floats(2, 530, 9)],
    compute: (a, b) => tf.matMul(a, b),
  });
  await assertEqual({
    inputs: [floats(1, 5, 3), floats(2, 3, 1030)],
    compute: (a, b) => tf.matMul(a, b),
  });
});

for (const [transposeA, transposeB] of [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const) {
  test(`batches of products with transposes (${transposeA}, ${transposeB}), plain and fused`, async () => {
    const [a, b] = [floats(1, 3, 5, 5), floats(2, 3, 5, 5)];
    const product: Compute = () => tf.matMul(tensorOf(a), tensorOf(b), transposeA, transposeB);
    const fused: Compute = () =>
      tf.fused.matMul({
        a: tensorOf(a),
        b: tensorOf(b),
        transposeA,
        transposeB,
        bias: tensorOf(floats(3, 5)),
        activation: "relu",
      });
    for (const compute of [product, fused]) {
      const results = [];
      for (const backend of ["wasm", "cpu"]) {
        await startBackend(backend === "wasm" ? wasm : cpu);
        results.push(tf.tidy(() => compute().dataSync()));
      }
      const [ours = [], theirs = []] = results;
      assert.ok(relativeDistance(ours, theirs) <= tolerance);
    }
  });
}

/** To what two backends agree on. */
const rounded = (value: number) => value.toFixed(4);

/** A value on both backends, of inputs made there. */
async function onBoth(compute: () => tf.Tensor): Promise<{ ours: number[]; theirs: number[] }> {
  await startBackend(wasm);
  const ours = tf.tidy(() => [...compute().dataSync()]);
  await startBackend(cpu);
  return { ours, theirs: tf.tidy(() => [...compute().dataSync()]) };
}

const oneBias = () => tf.tensor1d([5]);

/** What tfjs allows and no model of ours asks for: right, or refused. */
const corners: readonly (readonly [what: string, compute: () => tf.Tensor])[] = [
  ["a product over nothing", () => tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3]))],
  [
    "a product with one bias for all",
    () => tf.fused.matMul({ a: tf.ones([2, 3]), b: tf.ones([3, 9]), bias: oneBias(), activation: "relu" }),
  ],
  [
    "a product with a bias for every value",
    () =>
      tf.fused.matMul({
        a: tf.ones([1, 2, 3]),
        b: tf.ones([1, 3, 2]),
        bias: tf.reshape(tf.range(0, 4), [2, 2]),
      }),
  ],
  ["one bias for all of a layer", () => linear(tf.ones([2, 3]), tf.ones([3, 9]), oneBias())],
  [
    "a bias that leads to −∞",
    () => linear(tf.ones([1, 2]), tf.ones([2, 5]), tf.tensor1d([0, -Infinity, 1, 2, -Infinity])),
  ],
  [
    "a batch norm that leads to −∞",
    () => {
      const x = tf.reshape(tf.range(0, 8), [2, 1, 1, 4]);
      return batchNorm(rank4(x), tf.ones([4]), tf.tensor1d([-Infinity, 0, 1, 2]), "linear").y;
    },
  ],
  ["a label that no class has", () => crossEntropy(tf.ones([3, 4]), tf.tensor1d([1, 4, -1], "int32"))],
];

for (const [what, compute] of corners) {
  test(`${what}: as on the cpu backend`, async () => {
    // So that what is not written is not 0 by chance.
    await startBackend(wasm);
    tf.tidy(() => void Array.from({ length: 50 }, () => tf.add(tf.ones([2, 3]), 6)));
    const { ours, theirs } = await onBoth(compute);
    assert.deepEqual(ours.map(rounded), theirs.map(rounded));
  });
}

const refused: readonly (readonly [what: string, compute: () => tf.Tensor, sentence: RegExp])[] = [
  [
    "a convolution with one bias for all",
    () =>
      tf.fused.conv2d({
        x: tf.ones<tf.Rank.R4>([1, 2, 2, 8]),
        filter: tf.ones([1, 1, 8, 8]),
        strides: 1,
        pad: "same",
        bias: oneBias(),
      }),
    /bias shape \(1\) does not match the number of output channels \(8\)/,
  ],
  [
    "sums of whole numbers by segments",
    () => tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3], "int32"), tf.tensor1d([0, 0, 1], "int32"), 2),
    /^Error: sums of int32 by int32: wasm has those of float32 by int32 only$/,
  ],
];

for (const [what, compute, sentence] of refused) {
  test(`${what}: refused on wasm`, async () => {
    await startBackend(wasm);
    assert.throws(() => tf.tidy(compute), sentence);
  });
}

test("our kernels reach into tfjs 4.22.0: another version is refused in one sentence", () => {
  assert.deepEqual([tf.version_core, version_wasm, version_cpu], [knownVersion, knownVersion, knownVersion]);
  assert.throws(() => assertVersions("4.22.0", "4.23.0"), /^Error: tfjs 4\.23\.0: .* pin that version$/);
});

test("every kernel of the build for memory that is shared between threads computes the same bits", async () => {
  const own = await kernelDigests(await kernelBuild(false));
  const shared = await kernelDigests(await kernelBuild(true));
  assert.deepEqual(shared, own);
  // Each does something, and none what another one does.
  assert.equal(new Set(Object.values(own)).size, Object.keys(own).length);
  assert.ok(Object.keys(own).length > 20);
});
