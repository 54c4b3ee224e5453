import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Task } from "../../shared/core/task.ts";
import { startNodeTrainer } from "../../peer-node/backends/start-trainer.ts";
import type { NodeTrainerOptions } from "../../peer-node/backends/start-trainer.ts";
import { backendNeed, machineNeed, peakBytes, whyTooBig } from "../../shared/training/memory.ts";
import { builtIn, smallTask } from "./fixture.ts";
import { memoryTasks } from "../../bench/memory-tasks.ts";
import type { MemoryFigures } from "../../bench/memory-child.ts";

/** 100,000 for validation alone. */
const manyImages = {
  kind: "images",
  folder: "none",
  classes: ["a", "b"] as string[],
  height: 512,
  width: 512,
  channels: 3,
  validationSamples: 100_000,
  shards: 1,
  seed: 1,
} as const;

/** The heap grows by a fifth at a time, so nothing predicts it better than by a tenth. */
const tolerance = 0.25;

/** What the heap may be at most, where the project promises it. */
const promises: Readonly<Record<string, number>> = { "resnet-20": 150e6, "resnet-110": 600e6 };

for (const name of Object.keys(memoryTasks)) {
  test(`the wasm heap of ${name}, trained and validated, is what the formula says, within ${tolerance * 100} %`, () => {
    const child = fileURLToPath(new URL("../../bench/memory-child.js", import.meta.url));
    const { predictedBytes, heapBytes }: MemoryFigures = JSON.parse(
      execFileSync(process.execPath, [child, name], { encoding: "utf8" }),
    );
    const off = predictedBytes / heapBytes - 1;
    assert.ok(Math.abs(off) <= tolerance, `predicted ${predictedBytes}, measured ${heapBytes}`);
    assert.ok(heapBytes <= (promises[name] ?? Infinity), `${heapBytes} bytes`);
  });
}

test("activations grow with the batch, parameters do not", () => {
  const task = builtIn("cifar10-resnet20");
  const of = (batch: number) => peakBytes({ ...task, batch }, "wasm");
  assert.ok(Math.abs((of(512) - of(256)) / (of(256) - of(128)) - 2) < 1e-9);
});

const resnet = builtIn("cifar10-resnet20");
const none = { held: 0, reading: 0 };

test("what does not fit is one sentence with both figures", () => {
  const task = { ...resnet, batch: 4096 };
  const limit = { bytes: 1e9, whose: "WebAssembly can have" };
  assert.match(
    whyTooBig(task, backendNeed(task, "wasm"), limit) ?? "",
    /^task cifar10-resnet20 \([78],\d{3} MB for resnet at batch 4096\): needs more memory than WebAssembly can have \(1,000 MB\); a smaller batch or model would fit$/,
  );
  assert.equal(whyTooBig(resnet, backendNeed(resnet, "wasm"), limit), undefined);
});

test("the whole process is more than the backend: it says what of it is what for", () => {
  const limit = { bytes: 64e6, whose: "--max-memory allows" };
  assert.match(
    whyTooBig(resnet, machineNeed(resnet, "wasm", { held: 10e6, reading: 20e6 }), limit) ?? "",
    /^task cifar10-resnet20 \(\d{3} MB: \d{2,3} MB for resnet at batch \d+, 20 MB for data, \d{3} MB besides\): needs more memory than --max-memory allows \(64 MB\); a smaller/,
  );
  const data = { held: 10e9, reading: 20e9 };
  assert.match(
    whyTooBig(resnet, machineNeed(resnet, "wasm", data), limit) ?? "",
    /; fewer samples would fit$/,
  );
});

test("flat vectors and the optimiser's moments count, and a batch's inputs", () => {
  const bytes = (task: Task) => machineNeed(task, "wasm", none).bytes - peakBytes(task, "wasm");
  const parameters = 271_098;
  assert.ok(Math.abs(bytes(resnet) - 125e6 - 4 * (20 * parameters + resnet.batch * 3_072)) < 1);
  const optimizer = { ...resnet.optimizer, kind: "adam", beta1: 0.9, beta2: 0.99 } as const;
  assert.ok(Math.abs(bytes({ ...resnet, optimizer }) - bytes(resnet) - 4 * parameters) < 1);
});

const outOfBounds: readonly (readonly [
  what: string,
  task: Task,
  options: Partial<NodeTrainerOptions>,
  sentence: RegExp,
])[] = [
  [
    "data that no machine has room for",
    smallTask({ model: { kind: "mlp", hidden: [8] }, data: manyImages }),
    {},
    /78,\d{3} MB for data.*this machine has free.*; fewer samples would fit$/,
  ],
  [
    "data that --max-memory has no room for",
    smallTask({ data: { kind: "glyphs", samplesPerShard: 1_000_000, validationSamples: 1, seed: 1 } }),
    { maxBytes: 300e6 },
    /26\d MB for data.*--max-memory allows \(300 MB\); fewer samples would fit$/,
  ],
  [
    "a batch that WebAssembly has no room for, on a machine that has",
    { ...resnet, batch: 4096 },
    { maxBytes: 1e12 },
    /WebAssembly can have \(4,295 MB\); a smaller batch or model would fit$/,
  ],
  [
    "the same on a graphics card, which the processor has to check",
    { ...resnet, batch: 4096 },
    { maxBytes: 1e12, backend: "webgpu" },
    /WebAssembly can have/,
  ],
  [
    "a process that has no room, whatever trains",
    smallTask(),
    { maxBytes: 64e6, backend: "tensorflow" },
    /--max-memory allows \(64 MB\)/,
  ],
];

for (const [what, task, options, sentence] of outOfBounds) {
  test(`${what}: refused before anything is loaded`, async () => {
    const onBackend = () => assert.fail("a backend was started");
    await assert.rejects(
      startNodeTrainer(task, { place: { shard: 0 }, backend: "auto", onBackend, ...options }),
      sentence,
    );
  });
}
