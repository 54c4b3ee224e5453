/**
 * What a training step costs besides the step. In turn with real steps: the flat vector to tensors, the gradient
 * out of the wasm heap, a call of the trainer's thread and back without anything to learn, and the whole vector
 * encoded and decoded once as it travels; beside them, parts of the step itself. Processor time of all threads,
 * so that what others do on the machine does not count; medians.
 */
import * as tf from "@tensorflow/tfjs-core";
import { openBackend } from "../peer-node/backends/open-backend.ts";
import { wholeNumber } from "../peer-node/cli-options.ts";
import { loadTask } from "../peer-node/task-source.ts";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { encodingOf } from "../shared/core/encoding.ts";
import { headerBytes } from "../shared/core/packet.ts";
import { createRng } from "../shared/core/rng.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { syntheticData } from "../shared/training/data/synthetic.ts";
import { layoutOf } from "../shared/training/models/layout.ts";
import { trainedCount } from "../shared/training/models/model.ts";
import { createOptimizer, followStatistics } from "../shared/training/optimizer.ts";
import { parameterTensors, readInto } from "../shared/training/parameter-tensors.ts";
import { byteTable, imageTensor } from "../shared/training/problems/image-batch.ts";
import { keep, readOptions, resultFile } from "./options.ts";

const { values, positionals } = readOptions({
  what: "what does a training step cost besides the step?",
  argument: "TASK",
  options: {
    rounds: wholeNumber("N", "how often each is measured (default: 30)", { min: 1, max: 10_000 }),
    out: resultFile(),
  },
});
const { rounds = 30 } = values;
const task = loadTask(positionals[0] ?? "cifar10-resnet20");
const trialSamples = 8 * task.batch;
const trainer = await createTrainer(task, {
  shard: 0,
  backend: { name: "wasm", ...wasmFiles() },
  clock: { now: () => performance.now() },
  trialSamples,
});
const thread = openBackend("wasm", { place: { shard: 0 } });
const remote = await thread.make(task, trialSamples);
const layout = layoutOf(task);
const data = syntheticData(task.data, 2 * task.batch);
const initial = await trainer.initialParameters();
const scratch = initial.slice();
const optimizer = createOptimizer(task.optimizer, task.rounds, trainedCount(layout));
const rng = createRng(1);
const batch = Uint32Array.from({ length: task.batch }, (_, i) => i);
const packetValues = 256;
const packets = Array.from(
  { length: Math.ceil(initial.length / packetValues) },
  () => new Uint8Array(headerBytes + 4 * packetValues),
);

/** The whole vector, packet by packet. */
function travel(name: "f32" | "f16", way: "encode" | "decode"): void {
  const { encode, decode } = encodingOf(name);
  for (const [index, packet] of packets.entries()) {
    const from = index * packetValues;
    const count = Math.min(packetValues, scratch.length - from);
    if (way === "encode") encode(scratch, from, count, packet, headerBytes, rng);
    else decode(packet, headerBytes, count, scratch, from);
  }
}

const nothing = { round: 0, samples: 0 };
const oneStep = { round: 0, samples: task.batch };

/** Each is done once in a step of a round of its own. */
const parts = {
  step: async () => void (await trainer.train(initial, oneStep)),
  "step, in the trainer's thread": async () => void (await remote.train(initial, oneStep)),
  "call of the trainer's thread": async () => void (await remote.train(initial, nothing)),
  "the same call in this thread": async () => void (await trainer.train(initial, nothing)),
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
} as const satisfies Readonly<Record<string, () => Promise<void> | void>>;
type Part = keyof typeof parts;

/** Of a round with one step; what is not in it is part of the step already, or there to compare. */
const sums: Readonly<Record<string, readonly Part[]>> = Object.fromEntries(
  (["f32", "f16"] as const).map((name) => [
    `together, ${name}`,
    [
      "vector to tensors",
      "tensors to vector",
      "call of the trainer's thread",
      `encode, ${name}`,
      `decode, ${name}`,
    ],
  ]),
);
let tensorsToRead: tf.Tensor[] = [];

async function processorMs(part: () => Promise<void> | void): Promise<number> {
  const begun = process.cpuUsage();
  await part();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

const names = Object.keys(parts).filter((name): name is Part => Object.hasOwn(parts, name));
const times = new Map(names.map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const name of names) {
    if (name === "tensors to vector") tensorsToRead = parameterTensors(scratch, layout);
    times.get(name)?.push(await processorMs(parts[name]));
  }
}
thread.close();

const medianOf = (name: Part) => {
  const sorted = (times.get(name) ?? []).toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
};
const milliseconds = {
  ...Object.fromEntries(names.map((name) => [name, medianOf(name)])),
  ...Object.fromEntries(
    Object.entries(sums).map(([name, of]) => [name, of.reduce((sum, part) => sum + medianOf(part), 0)]),
  ),
};
const stepMs = medianOf("step");
for (const [name, ms] of Object.entries(milliseconds))
  console.log(
    `${name.padEnd(30)} ${ms.toFixed(2).padStart(7)} ms ${((100 * ms) / stepMs).toFixed(2).padStart(7)} %`,
  );
keep(values.out, `${JSON.stringify({ task, rounds, milliseconds }, null, 2)}\n`);
