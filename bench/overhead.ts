/**
 * What a training step costs besides the step: `node dist/bench/overhead.js [TASK] [--out FILE.json]`. In
 * turn with real steps: the flat vector to tensors, the gradient out of the wasm heap, the optimizer, the
 * batch, and the whole vector encoded and decoded once as it travels. Processor time, so that what others
 * do on the machine does not count; medians.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { loadTask } from "../peer-node/task-source.ts";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { encodingOf } from "../shared/core/encoding.ts";
import { createRng } from "../shared/core/rng.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { syntheticData } from "../shared/training/data/synthetic.ts";
import { layoutOf } from "../shared/training/models/layout.ts";
import { trainedCount } from "../shared/training/models/model.ts";
import { createOptimizer, followStatistics } from "../shared/training/optimizer.ts";
import { parameterTensors, readInto } from "../shared/training/parameter-tensors.ts";
import { byteTable, imageTensor } from "../shared/training/problems/image-batch.ts";

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "30" }, out: { type: "string" } },
  allowPositionals: true,
});
const task = loadTask(positionals[0] ?? "cifar10-resnet20");
const trainer = await createTrainer(task, {
  shard: 0,
  backend: { name: "wasm", ...wasmFiles() },
  clock: { now: () => performance.now() },
  trialSamples: 8 * task.batch,
});
const layout = layoutOf(task);
const data = syntheticData(task.data, 2 * task.batch);
const initial = await trainer.initialParameters();
const scratch = initial.slice();
const optimizer = createOptimizer(task.optimizer, task.rounds, trainedCount(layout));
const rng = createRng(1);
const batch = Uint32Array.from({ length: task.batch }, (_, i) => i);
const packetValues = 256;
const packets = new Uint8Array(4 * initial.length);

/** The whole vector, packet by packet. */
function travel(name: "f32" | "f16", way: "encode" | "decode"): void {
  const { encode, decode, bytesPerValue } = encodingOf(name);
  for (let from = 0; from < scratch.length; from += packetValues) {
    const count = Math.min(packetValues, scratch.length - from);
    if (way === "encode") encode(scratch, from, count, packets, from * bytesPerValue, rng);
    else decode(packets, from * bytesPerValue, count, scratch, from);
  }
}

/** Each is done once in a step of a round of its own. */
const parts: Readonly<Record<string, () => Promise<void> | void>> = {
  step: async () => void (await trainer.train(initial, { round: 0, samples: task.batch })),
  "vector to tensors": () => tf.dispose(parameterTensors(scratch, layout)),
  "tensors to vector": async () => readInto(scratch, tensorsToRead.splice(0)),
  optimizer: () => {
    optimizer.step(scratch, initial, 0);
    followStatistics(scratch, initial, trainedCount(layout));
  },
  batch: () => {
    if (data.kind === "images") imageTensor(data.train, data.shape, byteTable(data), batch, rng).dispose();
  },
  "encode, f32": () => travel("f32", "encode"),
  "decode, f32": () => travel("f32", "decode"),
  "encode, f16": () => travel("f16", "encode"),
  "decode, f16": () => travel("f16", "decode"),
};
let tensorsToRead: tf.Tensor[] = [];

async function processorMs(part: () => Promise<void> | void): Promise<number> {
  const begun = process.cpuUsage();
  await part();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

const times = new Map(Object.keys(parts).map((name) => [name, [] as number[]]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, part] of Object.entries(parts)) {
    if (name === "tensors to vector") tensorsToRead = parameterTensors(scratch, layout);
    times.get(name)?.push(await processorMs(part));
  }
}
const medians = new Map(
  [...times].map(([name, list]) => [name, list.toSorted((a, b) => a - b)[list.length >> 1] ?? NaN]),
);
const stepMs = medians.get("step") ?? NaN;
for (const [name, ms] of medians)
  console.log(`${name}: ${ms.toFixed(2)} ms, ${((100 * ms) / stepMs).toFixed(2)} %`);
if (values.out !== undefined)
  writeFileSync(values.out, `${JSON.stringify({ task, milliseconds: Object.fromEntries(medians) })}\n`);
