/** Every kernel of ours against the same operation composed on tfjs's cpu backend, on random shapes. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { version_cpu } from "@tensorflow/tfjs-backend-cpu";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import * as fc from "fast-check";
import { startBackend } from "../../shared/training/backend.ts";
import { assertVersions, knownVersion } from "../../shared/training/kernels/kernel-module.ts";
import { batchNorm, batchNormResidual } from "../../shared/training/ops/batch-norm.ts";
import { causalAttention } from "../../shared/training/ops/causal-attention.ts";
import { convolution } from "../../shared/training/ops/convolution.ts";
import { crossEntropy } from "../../shared/training/ops/cross-entropy.ts";
import { embedding } from "../../shared/training/ops/embedding.ts";
import { gelu } from "../../shared/training/ops/gelu.ts";
import { globalAveragePool } from "../../shared/training/ops/global-average-pool.ts";
import { layerNorm } from "../../shared/training/ops/layer-norm.ts";
import { linear } from "../../shared/training/ops/linear.ts";
import { lstm } from "../../shared/training/ops/lstm.ts";
import { residual } from "../../shared/training/ops/residual.ts";
import { cpu, wasm } from "./fixture.ts";
import { kernelBuild, kernelDigests } from "./kernel-digests.ts";
import {
  floats,
  integers,
  rank1,
  rank2,
  rank3,
  rank4,
  relativeDistance,
  resultsOn,
  tensorOf,
} from "./operations.ts";
import type { Compute, Input } from "./operations.ts";

const tolerance = 1e-5;

interface Case {
  readonly inputs: readonly Input[];
  readonly compute: Compute;
}

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

const upTo = (most: number) => fc.integer({ min: 1, max: most });
const seed = fc.integer({ min: 1, max: 1_000_000 });
const fours = upTo(5).map((n) => 4 * n);
const eights = upTo(3).map((n) => 8 * n);

function property(name: string, runs: number, cases: fc.Arbitrary<Case>): void {
  test(name, async () => {
    await fc.assert(fc.asyncProperty(cases, assertEqual), { numRuns: runs, seed: 4, endOnFailure: true });
  });
}

property(
  "convolution with 3×3 filters at stride 1, where Winograd's filtering applies",
  20,
  fc.tuple(upTo(3), upTo(11), upTo(11), eights, eights, seed).map(([n, h, w, inputs, outputs, s]) => ({
    inputs: [floats(s, n, h, w, inputs), floats(s + 1, 3, 3, inputs, outputs)],
    compute: (x, filter) => convolution(rank4(x), rank4(filter), 1),
  })),
);

property(
  "convolution of any filter, stride and channels",
  30,
  fc
    .tuple(upTo(3), upTo(9), upTo(9), upTo(9), upTo(17), upTo(5), upTo(5), fc.constantFrom(1, 2), seed)
    .map(([n, h, w, inputs, outputs, tall, wide, stride, s]) => ({
      inputs: [floats(s, n, h, w, inputs), floats(s + 1, tall, wide, inputs, outputs)],
      compute: (x, filter) => convolution(rank4(x), rank4(filter), stride === 1 ? 1 : 2),
    })),
);

property(
  "tfjs's own convolution, with bias and ReLU, same or valid",
  20,
  fc
    .tuple(upTo(2), upTo(4), upTo(4), upTo(9), upTo(17), fc.constantFrom("same", "valid"), seed)
    .map(([n, h, w, inputs, outputs, pad, s]) => ({
      inputs: [
        floats(s, n, h + 2, w + 2, inputs),
        floats(s + 1, 3, 3, inputs, outputs),
        floats(s + 2, outputs),
      ],
      compute: (x, filter, bias) =>
        tf.fused.conv2d({
          x: rank4(x),
          filter: rank4(filter),
          bias,
          strides: 1,
          pad: pad === "same" ? "same" : "valid",
          activation: "relu",
        }),
    })),
);

for (const activation of ["relu", "linear"] as const) {
  property(
    `batch norm, ${activation}`,
    20,
    fc.tuple(upTo(4), upTo(9), fc.oneof(fours, upTo(9)), seed).map(([n, side, channels, s]) => ({
      inputs: [floats(s, n + 1, side, 3, channels), floats(s + 1, channels), floats(s + 2, channels)],
      compute: (x, scale, offset) => batchNorm(rank4(x), rank1(scale), rank1(offset), activation).y,
    })),
  );
}

property(
  "batch norm, shortcut and ReLU in one",
  20,
  fc.tuple(upTo(4), upTo(9), fc.oneof(fours, upTo(9)), seed).map(([n, side, channels, s]) => ({
    inputs: [
      floats(s, n + 1, side, 3, channels),
      floats(s + 1, channels),
      floats(s + 2, channels),
      floats(s + 3, n + 1, side, 3, channels),
    ],
    compute: (x, scale, offset, shortcut) =>
      batchNormResidual(rank4(x), rank1(scale), rank1(offset), rank4(shortcut)).y,
  })),
);

property(
  "residual, and the mean over all pixels",
  10,
  fc.tuple(upTo(3), upTo(5), upTo(7), seed).map(([n, side, channels, s]) => ({
    inputs: [floats(s, n, side, side, channels), floats(s + 1, n, side, side, channels)],
    compute: (a, b) => globalAveragePool(residual(rank4(a), rank4(b))),
  })),
);

property(
  "LSTM",
  15,
  fc.tuple(upTo(6), upTo(5), fc.oneof(fours, upTo(5)), seed).map(([time, n, hidden, s]) => ({
    inputs: [floats(s, time, n, 4 * hidden), floats(s + 1, hidden, 4 * hidden)],
    compute: (gates, recurrent) => lstm(rank3(gates), rank2(recurrent)),
  })),
);

property(
  "softmax cross-entropy, with labels that are not counted",
  20,
  fc.tuple(upTo(9), fc.integer({ min: 2, max: 20 }), seed).map(([n, classes, s]) => ({
    inputs: [floats(s, n, classes), integers(s + 1, -1, classes, n)],
    compute: (logits, labels) => crossEntropy(rank2(logits), rank1(labels)),
  })),
);

property(
  "embedding",
  15,
  fc.tuple(upTo(9), upTo(9), upTo(20), seed).map(([rows, width, n, s]) => ({
    inputs: [floats(s, rows, width), integers(s + 1, 0, rows, n)],
    compute: (table, ids) => embedding(rank2(table), rank1(ids)),
  })),
);

property(
  "layer norm",
  15,
  fc.tuple(upTo(9), fc.oneof(fours, upTo(9)), seed).map(([n, channels, s]) => ({
    inputs: [
      floats(s, n, channels + 1 - (channels % 4 === 0 ? 1 : 0)),
      floats(s + 1, widthOf(channels)),
      floats(s + 2, widthOf(channels)),
    ],
    compute: (x, scale, offset) => layerNorm(rank2(x), rank1(scale), rank1(offset)),
  })),
);

/** At least 2: of one number nothing is left when the mean is taken off. */
const widthOf = (channels: number) => channels + 1 - (channels % 4 === 0 ? 1 : 0);

property(
  "GELU",
  10,
  fc.tuple(upTo(40), seed).map(([n, s]) => ({ inputs: [floats(s, n)], compute: (x) => gelu(x) })),
);

property(
  "causal attention",
  15,
  fc.tuple(upTo(3), upTo(9), upTo(3), upTo(6), seed).map(([n, time, heads, width, s]) => ({
    inputs: [floats(s, n, time, 3 * heads * width)],
    compute: (qkv) => causalAttention(rank3(qkv), heads),
  })),
);

for (const activation of ["relu", "linear"] as const) {
  property(
    `fully connected layer, ${activation}`,
    10,
    fc.tuple(upTo(70), upTo(40), upTo(19), seed).map(([n, inputs, outputs, s]) => ({
      inputs: [floats(s, n, inputs), floats(s + 1, inputs, outputs), floats(s + 2, outputs)],
      compute: (x, weights, bias) => linear(rank2(x), rank2(weights), rank1(bias), activation),
    })),
  );
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

test("a max pool's gradient is right where all values of a window are negative", async () => {
  const x = floats(1, 2, 6, 6, 3);
  const negative = { ...x, values: x.values.map((value) => -1 - Math.abs(value)) };
  for (const input of [x, negative]) {
    await assertEqual({ inputs: [input], compute: (t) => tf.maxPool(rank4(t), 2, 2, "valid") });
    await assertEqual({ inputs: [input], compute: (t) => tf.maxPool(rank4(t), 3, 2, "same") });
  }
});

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
