/** Every kernel of ours against the same operation composed on tfjs's cpu backend, on random shapes. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import * as fc from "fast-check";
import { startBackend } from "../../shared/training/backend.ts";
import { assertVersions, knownVersion } from "../../shared/training/kernels/kernel-module.ts";
import { cpu, wasm } from "./fixture.ts";
import { kernelBuild, kernelDigests } from "./kernel-digests.ts";
import { operationTable } from "./operation-table.ts";
import type { Case } from "./operation-table.ts";
import { floats, relativeDistance, resultsOn, tensorOf } from "./operations.ts";
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
