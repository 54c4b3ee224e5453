/**
 * GFLOP/s of the wasm kernels, one by one, on the shapes of ResNet-20 and of the LSTM tagger at batch 32,
 * beside OpenBLAS restricted to SSE in the same run, in turns. CPU time: other processes share the machine.
 * A convolution counts as its textbook product, however it is computed.
 */
import { cpus } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { wholeNumber } from "../peer-node/cli-options.ts";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { startBackend } from "../shared/training/backend.ts";
import { batchNormGradient, batchNormReluOperation } from "../shared/training/ops/batch-norm.ts";
import { attentionGradient, attentionOperation } from "../shared/training/ops/causal-attention.ts";
import {
  convolutionFilterGradient,
  convolutionInputGradient,
  convolutionOperation,
} from "../shared/training/ops/convolution.ts";
import { lstmGradient, lstmOperation } from "../shared/training/ops/lstm.ts";
import { run } from "../shared/training/ops/operation.ts";
import { buildOpenblas } from "./openblas.ts";
import { keep, readOptions, resultFile } from "./options.ts";

const { values } = readOptions({
  what: "how fast is each wasm kernel, beside OpenBLAS restricted to SSE?",
  options: {
    turns: wholeNumber("N", "how often each is measured (default: 5)", { min: 1, max: 1_000 }),
    out: resultFile(),
  },
});
const { turns = 5 } = values;
/** Each kernel is run for about this long in a turn. */
const turnMs = 60;

interface Kernel {
  readonly name: string;
  readonly flop: number;
  readonly run: () => tf.Tensor | tf.Tensor[];
}

const random = (...shape: readonly number[]) => tf.randomUniform([...shape], -1, 1, "float32", 7);

function convolutions(side: number, inputs: number, outputs: number, strides: 1 | 2): Kernel[] {
  const [n, out] = [32, Math.ceil(side / strides)];
  const x = random(n, side, side, inputs);
  const filter = random(3, 3, inputs, outputs);
  const dy = random(n, out, out, outputs);
  const flop = 2 * n * out * out * 9 * inputs * outputs;
  const name = `convolution ${side}×${side}×${inputs}→${outputs}${strides === 2 ? " stride 2" : ""}`;
  const [inputShape, filterShape] = [x.shape, filter.shape];
  return [
    { name, flop, run: () => run(convolutionOperation, { x, filter }, { strides }) },
    {
      name: `${name}, dx`,
      flop,
      run: () => run(convolutionInputGradient, { dy, filter }, { strides, inputShape }),
    },
    {
      name: `${name}, dw`,
      flop,
      run: () => run(convolutionFilterGradient, { x, dy }, { strides, filterShape }),
    },
  ];
}

function product(rows: number, depth: number, columns: number, transposeA = false): Kernel {
  const a = transposeA ? random(depth, rows) : random(rows, depth);
  const b = random(depth, columns);
  const name = `product ${rows}×${depth}×${columns}${transposeA ? ", first transposed" : ""}`;
  return { name, flop: 2 * rows * depth * columns, run: () => tf.matMul(a, b, transposeA) };
}

/** Counted as two passes of one multiplication and addition each. */
function batchNorms(side: number, channels: number): Kernel[] {
  const [x, dy] = [random(32, side, side, channels), random(32, side, side, channels)];
  const [scale, offset] = [random(channels), random(channels)];
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const flop = 4 * x.size;
  const name = `batch norm ${side}×${side}×${channels}`;
  return [
    { name, flop, run: () => run(batchNormReluOperation, { x, scale, offset }, {}) },
    {
      name: `${name}, gradient`,
      flop,
      run: () => run(batchNormGradient, { dy, x, scale, mean, variance }, {}),
    },
  ];
}

function lstms(time: number, n: number, hidden: number): Kernel[] {
  const [gates, recurrent, dy] = [
    random(time, n, 4 * hidden),
    random(hidden, 4 * hidden),
    random(time, n, hidden),
  ];
  const [h, activities, c] = run(lstmOperation, { gates, recurrent }, {});
  if (!h || !activities || !c) throw new Error("the LSTM has three results");
  const flop = 8 * time * n * hidden * hidden;
  const name = `LSTM ${time} steps, ${hidden} units`;
  return [
    { name, flop, run: () => run(lstmOperation, { gates, recurrent }, {}) },
    {
      name: `${name}, gradient`,
      flop: 2 * flop,
      run: () => run(lstmGradient, { dy, recurrent, h, activities, c }, {}),
    },
  ];
}

function attentions(n: number, time: number, channels: number, heads: number): Kernel[] {
  const [qkv, dy] = [random(n, time, 3 * channels), random(n, time, channels)];
  const [, weights] = run(attentionOperation, { qkv }, { heads });
  if (!weights) throw new Error("attention has two results");
  const flop = 4 * n * time * time * channels;
  const name = `attention ${time} steps, ${channels} channels`;
  return [
    { name, flop, run: () => run(attentionOperation, { qkv }, { heads }) },
    {
      name: `${name}, gradient`,
      flop: 2 * flop,
      run: () => run(attentionGradient, { dy, qkv, weights }, { heads }),
    },
  ];
}

await startBackend({ name: "wasm", ...wasmFiles() });
const kernels: readonly Kernel[] = [
  ...convolutions(32, 3, 16, 1),
  ...convolutions(32, 16, 16, 1),
  ...convolutions(32, 16, 32, 2),
  ...convolutions(16, 32, 32, 1),
  ...convolutions(16, 32, 64, 2),
  ...convolutions(8, 64, 64, 1),
  ...batchNorms(32, 16),
  ...batchNorms(8, 64),
  product(1472, 128, 512),
  product(128, 1472, 512, true),
  product(1024, 1024, 1024),
  ...lstms(46, 32, 128),
  ...attentions(32, 64, 128, 4),
];

const openblas = buildOpenblas();
const rates = kernels.map((): number[] => []);
const peaks: number[] = [];
for (let turn = 0; turn <= turns; turn++) {
  if (openblas) peaks.push(openblas.measure().sse);
  for (const [index, kernel] of kernels.entries()) {
    const rate = measure(kernel);
    // V8 compiles in the first turn.
    if (turn > 0) rates[index]?.push(rate);
  }
}

/** GFLOP/s over `turnMs` of CPU time. */
function measure({ flop, run: compute }: Kernel): number {
  const start = process.cpuUsage();
  for (let count = 1; ; count++) {
    tf.dispose(compute());
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1_000;
    if (ms >= turnMs) return (flop * count) / ms / 1e6;
  }
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
const peak = openblas ? median(peaks) : undefined;
const rows = kernels.map(({ name }, index) => {
  const gflops = median(rates[index] ?? []);
  return { name, gflops, ratio: peak === undefined ? null : gflops / peak };
});
console.log(
  peak === undefined
    ? "OpenBLAS was not measured: it needs gcc and libopenblas-dev"
    : `OpenBLAS restricted to SSE, 2048³, one thread: ${peak.toFixed(1)} GFLOP/s`,
);
for (const { name, gflops, ratio } of rows) {
  console.log(
    `${name.padEnd(44)} ${gflops.toFixed(1).padStart(6)} GFLOP/s ${(ratio ?? NaN).toFixed(2).padStart(6)}×`,
  );
}
const machine = { cpu: cpus()[0]?.model, node: process.version };
keep(values.out, `${JSON.stringify({ machine, openblasSse: peak, turns, rows }, null, 2)}\n`);
openblas?.remove();
