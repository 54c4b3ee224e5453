/**
 * Gradients against finite differences, on the cpu backend and on wasm. On wasm the parameters are changed by
 * writing to the heap: kernels that keep packed copies of weights, as tfjs's own do, would not see it.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { select, startBackend } from "../../shared/training/backend.ts";
import { wasmBackend } from "../../shared/training/kernels/wasm-heap.ts";
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
import { halvingShortcut } from "../../shared/training/ops/shortcut.ts";
import { cpu, wasm } from "./fixture.ts";
import { floats, integers, rank1, rank2, rank3, rank4, tensorOf } from "./operations.ts";
import type { Compute, Input } from "./operations.ts";

before(async () => {
  await startBackend(cpu);
  await startBackend(wasm);
});

/** The first input is the parameter that changes. No ReLU: its kinks are not for finite differences. */
const cases: readonly (readonly [name: string, inputs: readonly Input[], compute: Compute])[] = [
  [
    "convolution, 3×3 at stride 1",
    [floats(1, 3, 3, 8, 8), floats(2, 2, 5, 6, 8)],
    (filter, x) => convolution(rank4(x), rank4(filter), 1),
  ],
  [
    "convolution, 5×3 at stride 2",
    [floats(1, 5, 3, 3, 5), floats(2, 2, 7, 6, 3)],
    (filter, x) => convolution(rank4(x), rank4(filter), 2),
  ],
  [
    "tfjs's convolution with a bias",
    [floats(1, 3, 3, 8, 8), floats(2, 2, 4, 4, 8), floats(3, 8)],
    (filter, x, bias) =>
      tf.fused.conv2d({ x: rank4(x), filter: rank4(filter), bias, strides: 1, pad: "valid" }),
  ],
  [
    "batch norm of a convolution",
    [floats(1, 3, 3, 8, 8), floats(2, 2, 5, 6, 8), floats(3, 8), floats(4, 8)],
    (filter, x, scale, offset) =>
      batchNorm(convolution(rank4(x), rank4(filter), 1), rank1(scale), rank1(offset), "linear").y,
  ],
  [
    "batch norm with a shortcut",
    [floats(1, 2, 5, 6, 8), floats(2, 8), large(8), floats(4, 2, 5, 6, 8)],
    (x, scale, offset, shortcut) =>
      batchNormResidual(rank4(x), rank1(scale), rank1(offset), rank4(shortcut)).y,
  ],
  ["a shortcut that halves", [floats(1, 2, 5, 6, 3)], (x) => halvingShortcut(rank4(x), 6)],
  ["the mean over all pixels", [floats(1, 2, 3, 4, 5)], (x) => globalAveragePool(rank4(x))],
  [
    "a fully connected layer",
    [floats(1, 9, 11), floats(2, 5, 9), floats(3, 11)],
    (weights, x, bias) => linear(rank2(x), rank2(weights), rank1(bias)),
  ],
  ["tfjs's product", [floats(1, 9, 11), floats(2, 5, 9)], (weights, x) => tf.matMul(x, weights)],
  [
    "tfjs's product with a transpose",
    [floats(1, 11, 9), floats(2, 5, 9)],
    (weights, x) => tf.matMul(x, weights, false, true),
  ],
  [
    "LSTM",
    [floats(1, 4, 16), floats(2, 5, 3, 16)],
    (recurrent, gates) => lstm(rank3(gates), rank2(recurrent)),
  ],
  [
    "embedding and cross-entropy",
    [floats(1, 6, 7), integers(2, 0, 6, 9), integers(3, -1, 7, 9)],
    (table, ids, labels) => crossEntropy(embedding(rank2(table), rank1(ids)), rank1(labels)),
  ],
  [
    "layer norm",
    [floats(1, 5, 8), floats(2, 8), floats(3, 8)],
    (x, scale, offset) => layerNorm(rank2(x), rank1(scale), rank1(offset)),
  ],
  ["GELU", [floats(1, 13)], (x) => gelu(x)],
  ["causal attention", [floats(1, 2, 5, 24)], (qkv) => causalAttention(rank3(qkv), 2)],
];

/** Far above 0, so that ReLU lets everything through. */
function large(count: number): Input {
  return { shape: [count], values: new Float32Array(count).fill(20) };
}

for (const [name, inputs, compute] of cases) {
  for (const backend of ["wasm", "cpu"]) {
    test(`${name}: its gradient is its slope, ${backend}`, async () => {
      await select(backend, "it was started before");
      const [first, ...rest] = inputs.map(tensorOf);
      assert.ok(first);
      const from = Float32Array.from(first.dataSync());
      const direction = Float32Array.from(floats(5, ...first.shape).values);
      const loss = (parameter: tf.Tensor): tf.Scalar =>
        tf.tidy(() => {
          const value = compute(parameter, ...rest);
          return tf.sum(tf.mul(value, tensorOf(floats(6, ...value.shape))));
        });
      const gradient = tf.grad(loss)(first).dataSync();
      const expected = direction.reduce((sum, d, i) => sum + d * (gradient[i] ?? NaN), 0);

      const at = (step: number) => {
        const moved = from.map((value, i) => value + step * (direction[i] ?? 0));
        if (backend === "cpu") return loss(tf.tensor(moved, first.shape)).dataSync()[0] ?? NaN;
        // The same tensor, other values.
        wasmBackend().typedArrayFromHeap(first).set(moved);
        return loss(first).dataSync()[0] ?? NaN;
      };
      const step = 0.01;
      const slope = (at(step) - at(-step)) / (2 * step);
      const size = Math.sqrt(Array.from(gradient).reduce((sum, g) => sum + g * g, 0));
      assert.ok(
        Math.abs(slope - expected) < 0.01 * Math.max(Math.abs(expected), size),
        `${slope}, not ${expected}`,
      );
    });
  }
}
