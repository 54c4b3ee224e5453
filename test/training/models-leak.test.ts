import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import type { Task } from "../../shared/core/task.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import { heapBytes, wasmBackend } from "../../shared/training/kernels/wasm-heap.ts";
import { wasm } from "./fixture.ts";
import { tinyTasks } from "./tiny-models.ts";

const clock = { now: () => performance.now() };

/** What stays allocated between steps. */
function held() {
  const { numTensors, numBytes } = tf.memory();
  return { numTensors, numBytes, heapBytes: heapBytes(), buffers: wasmBackend().numDataIds() };
}

/** Its odd width goes through tfjs's own operations, dozens for every word. */
const stepsOf = ({ model }: Task) => (model.kind === "lstm" ? 300 : 1_000);

for (const task of tinyTasks) {
  const steps = stepsOf(task);
  test(`${task.name}: ${steps} steps leave no tensor and no byte of the wasm heap behind`, async () => {
    const trainer = await createTrainer(task, { shard: 0, backend: wasm, clock, trialSamples: 16 });
    let parameters = await trainer.initialParameters();
    const work = { round: 0, samples: 10 * task.batch, validate: { from: 0, count: 8 } };
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) ({ parameters } = await trainer.train(parameters, work));
    };
    await rounds(5);
    const before = held();
    await rounds(steps / 10);
    assert.deepEqual(held(), before);
  });
}
