/**
 * The operations that models are made of, on random shapes: what every backend must agree about, value and
 * gradients. The kernels' tests hold wasm against tfjs's cpu backend with it, bench/gpu-check.ts a graphics card.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
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
import { halvingShortcut } from "../../shared/training/ops/shortcut.ts";
import { floats, integers, rank1, rank2, rank3, rank4 } from "./operations.ts";
import type { Compute, Input } from "./operations.ts";

export interface Case {
  readonly inputs: readonly Input[];
  readonly compute: Compute;
}

export interface Operation {
  readonly name: string;
  /** How many cases are enough. */
  readonly runs: number;
  readonly cases: fc.Arbitrary<Case>;
}

const entries: Operation[] = [];
export const operationTable: readonly Operation[] = entries;

function operation(name: string, runs: number, cases: fc.Arbitrary<Case>): void {
  entries.push({ name, runs, cases });
}

const upTo = (most: number) => fc.integer({ min: 1, max: most });
const seed = fc.integer({ min: 1, max: 1_000_000 });
const fours = upTo(5).map((n) => 4 * n);
const eights = upTo(3).map((n) => 8 * n);

operation(
  "convolution with 3×3 filters at stride 1, where Winograd's filtering applies",
  20,
  fc.tuple(upTo(3), upTo(11), upTo(11), eights, eights, seed).map(([n, h, w, inputs, outputs, s]) => ({
    inputs: [floats(s, n, h, w, inputs), floats(s + 1, 3, 3, inputs, outputs)],
    compute: (x, filter) => convolution(rank4(x), rank4(filter), 1),
  })),
);

operation(
  "convolution of any filter, stride and channels",
  30,
  fc
    .tuple(upTo(3), upTo(9), upTo(9), upTo(9), upTo(17), upTo(5), upTo(5), fc.constantFrom(1, 2), seed)
    .map(([n, h, w, inputs, outputs, tall, wide, stride, s]) => ({
      inputs: [floats(s, n, h, w, inputs), floats(s + 1, tall, wide, inputs, outputs)],
      compute: (x, filter) => convolution(rank4(x), rank4(filter), stride === 1 ? 1 : 2),
    })),
);

operation(
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
  operation(
    `batch norm, ${activation}`,
    20,
    fc.tuple(upTo(4), upTo(9), fc.oneof(fours, upTo(9)), seed).map(([n, side, channels, s]) => ({
      inputs: [floats(s, n + 1, side, 3, channels), floats(s + 1, channels), floats(s + 2, channels)],
      compute: (x, scale, offset) => batchNorm(rank4(x), rank1(scale), rank1(offset), activation).y,
    })),
  );
}

operation(
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

operation(
  "residual, and the mean over all pixels",
  10,
  fc.tuple(upTo(3), upTo(5), upTo(7), seed).map(([n, side, channels, s]) => ({
    inputs: [floats(s, n, side, side, channels), floats(s + 1, n, side, side, channels)],
    compute: (a, b) => globalAveragePool(residual(rank4(a), rank4(b))),
  })),
);

operation(
  "the shortcut that halves images",
  20,
  fc.tuple(upTo(3), upTo(7), upTo(7), upTo(6), fc.nat(9), seed).map(([n, h, w, inputs, more, s]) => ({
    inputs: [floats(s, n, h, w, inputs)],
    compute: (images) => halvingShortcut(rank4(images), inputs + more),
  })),
);

operation(
  "LSTM",
  15,
  fc.tuple(upTo(6), upTo(5), fc.oneof(fours, upTo(5)), seed).map(([time, n, hidden, s]) => ({
    inputs: [floats(s, time, n, 4 * hidden), floats(s + 1, hidden, 4 * hidden)],
    compute: (gates, recurrent) => lstm(rank3(gates), rank2(recurrent)),
  })),
);

operation(
  "softmax cross-entropy, with labels that are not counted",
  20,
  fc.tuple(upTo(9), fc.integer({ min: 2, max: 20 }), seed).map(([n, classes, s]) => ({
    inputs: [floats(s, n, classes), integers(s + 1, -1, classes, n)],
    compute: (logits, labels) => crossEntropy(rank2(logits), rank1(labels)),
  })),
);

operation(
  "embedding",
  15,
  fc.tuple(upTo(9), upTo(9), upTo(20), seed).map(([rows, width, n, s]) => ({
    inputs: [floats(s, rows, width), integers(s + 1, 0, rows, n)],
    compute: (table, ids) => embedding(rank2(table), rank1(ids)),
  })),
);

operation(
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

operation(
  "GELU",
  10,
  fc.tuple(upTo(40), seed).map(([n, s]) => ({ inputs: [floats(s, n)], compute: (x) => gelu(x) })),
);

operation(
  "causal attention",
  15,
  fc.tuple(upTo(3), upTo(9), upTo(3), upTo(6), seed).map(([n, time, heads, width, s]) => ({
    inputs: [floats(s, n, time, 3 * heads * width)],
    compute: (qkv) => causalAttention(rank3(qkv), heads),
  })),
);

for (const activation of ["relu", "linear"] as const) {
  operation(
    `fully connected layer, ${activation}`,
    10,
    fc.tuple(upTo(70), upTo(40), upTo(19), seed).map(([n, inputs, outputs, s]) => ({
      inputs: [floats(s, n, inputs), floats(s + 1, inputs, outputs), floats(s + 2, outputs)],
      compute: (x, weights, bias) => linear(rank2(x), rank2(weights), rank1(bias), activation),
    })),
  );
}

operation(
  "max pool, also where all values of a window are negative",
  10,
  fc
    .tuple(upTo(2), upTo(7), upTo(7), upTo(5), fc.constantFrom(2, 3), fc.boolean(), seed)
    .map(([n, h, w, channels, size, isNegative, s]) => ({
      inputs: [
        isNegative ? negative(floats(s, n, h + 2, w + 2, channels)) : floats(s, n, h + 2, w + 2, channels),
      ],
      compute: (x) => tf.maxPool(rank4(x), size, 2, size === 2 ? "valid" : "same"),
    })),
);

function negative({ shape, values }: Input): Input {
  return { shape, values: values.map((value) => -1 - Math.abs(value)) };
}
