/**
 * What training leaves in memory, on made-up data. After a warm-up, and always after the garbage is collected,
 * samples of tensors, wasm heap, JavaScript heap and process are taken. Of each, neither the median of the last
 * third nor any sample may lie more than 2 % above the median of the first third; how far the lowest sample lies
 * below it is told, too: V8 gives memory back when it likes. Ends with 1 otherwise.
 */
import * as v8 from "node:v8";
import vm from "node:vm";
import * as tf from "@tensorflow/tfjs-core";
import { wholeNumber } from "../peer-node/cli-options.ts";
import { loadTask } from "../peer-node/task-source.ts";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { heapBytes } from "../shared/training/kernels/wasm-heap.ts";
import { keep, readOptions, resultFile } from "./options.ts";

const { values, positionals } = readOptions({
  what: "does training leave anything behind in memory?",
  argument: "TASK",
  options: {
    steps: wholeNumber("N", "after the warm-up (default: 1000)", { min: 30, max: 1_000_000 }),
    out: resultFile(),
  },
});
const task = loadTask(positionals[0] ?? "cifar10-resnet20");
const { steps = 1_000 } = values;
/** The engine compiles, and its heap finds its size. */
const warmUpSteps = Math.ceil(steps / 5);
const samples = 30;
/** Share. */
const allowed = 0.02;

interface Held {
  readonly step: number;
  readonly tensors: number;
  readonly wasmHeapMegabytes: number;
  readonly scriptHeapMegabytes: number;
  readonly processMegabytes: number;
}

v8.setFlagsFromString("--expose-gc");
const collect: unknown = vm.runInNewContext("gc");

function held(step: number): Held {
  if (typeof collect !== "function") throw new Error("this Node lets nobody collect its garbage");
  // Twice: what the first run finalises is freed by the second.
  for (let run = 0; run < 2; run++) collect();
  const { rss, heapUsed } = process.memoryUsage();
  const megabytes = (bytes: number) => Math.round(bytes / 1e4) / 100;
  return {
    step,
    tensors: tf.memory().numTensors,
    wasmHeapMegabytes: megabytes(heapBytes()),
    scriptHeapMegabytes: megabytes(heapUsed),
    processMegabytes: megabytes(rss),
  };
}

const trainer = await createTrainer(task, {
  shard: 0,
  backend: { name: "wasm", ...wasmFiles() },
  clock: { now: () => performance.now() },
  trialSamples: 8 * task.batch,
});
let parameters = await trainer.initialParameters();
const found: Held[] = [];
for (let step = 1 - warmUpSteps; step <= steps; step++) {
  ({ parameters } = await trainer.train(parameters, { round: 0, samples: task.batch }));
  if (step < 1 || Math.floor((step * samples) / steps) === Math.floor(((step - 1) * samples) / steps))
    continue;
  const now = held(step);
  found.push(now);
  console.log(
    `step ${now.step}: ${now.tensors} tensors, wasm heap ${now.wasmHeapMegabytes} MB, ` +
      `JavaScript heap ${now.scriptHeapMegabytes} MB, process ${now.processMegabytes} MB`,
  );
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;

/** Relative to the median of the first third: that of the last third, the highest sample and the lowest. */
function change(of: Exclude<keyof Held, "step">) {
  const all = found.map((it) => it[of]);
  const third = Math.floor(all.length / 3);
  const first = median(all.slice(0, third));
  const relative = (value: number) => (value === first ? 0 : value / first - 1);
  return {
    of,
    first,
    last: median(all.slice(-third)),
    growth: relative(median(all.slice(-third))),
    highest: relative(Math.max(...all)),
    lowest: relative(Math.min(...all)),
  };
}

const changes = (["tensors", "wasmHeapMegabytes", "scriptHeapMegabytes", "processMegabytes"] as const).map(
  change,
);
const percent = (share: number) => `${share < 0 ? "" : "+"}${(100 * share).toFixed(2)} %`;
for (const { of, first, last, growth, highest, lowest } of changes) {
  const isFlat = growth <= allowed && highest <= allowed;
  console.log(
    `${isFlat ? "flat" : "GROWS"}  ${of}: ${first} to ${last} (${percent(growth)}), ` +
      `samples ${percent(lowest)} to ${percent(highest)}`,
  );
  if (!isFlat) process.exitCode = 1;
}
keep(values.out, `${JSON.stringify({ task, warmUpSteps, steps, changes, found })}\n`);
