import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../../shared/core/task.ts";
import type { BackendChoice } from "../../shared/training/backend.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import { layoutOf } from "../../shared/training/models/layout.ts";
import { trainedCount } from "../../shared/training/models/model.ts";
import { followStatistics } from "../../shared/training/optimizer.ts";
import { cpu, distance, trainAlone, wasm } from "./fixture.ts";
import { tinyTasks } from "./tiny-models.ts";

const clock = { now: () => performance.now() };
const onNoise = (task: Task, backend: BackendChoice, trialSamples = 16) =>
  createTrainer(task, { shard: 0, backend, clock, trialSamples });

for (const task of tinyTasks) {
  test(`${task.name}: the same losses on wasm as on cpu over 20 steps, and they fall`, async () => {
    const onCpu = await trainAlone(await onNoise(task, cpu), 20, task.batch);
    const onWasm = await trainAlone(await onNoise(task, wasm), 20, task.batch);
    for (const [step, loss] of onCpu.losses.entries())
      assert.ok(Math.abs((onWasm.losses[step] ?? NaN) / loss - 1) < 1e-3, `step ${step}: ${loss}`);
    assert.ok((onCpu.losses.at(-1) ?? NaN) < (onCpu.losses[0] ?? NaN));
    assert.ok(distance(onWasm.parameters, onCpu.parameters) < 1e-3);
  });

  test(`${task.name}: two trainers of the same shard learn the same to the bit, augmentation and all`, async () => {
    const [one, same] = [await onNoise(task, wasm), await onNoise(task, wasm)];
    assert.deepEqual(await trainAlone(one, 5, 8), await trainAlone(same, 5, 8));
  });
}

const tinyOf = (kind: string): Task => {
  const task = tinyTasks.find(({ model }) => model.kind === kind);
  assert.ok(task);
  return task;
};

test("batch norm's statistics follow the batches, not the optimizer", async () => {
  const task = tinyOf("resnet");
  const still = { ...task, optimizer: { ...task.optimizer, learningRate: 1e-30 } };
  const trainer = await onNoise(still, wasm);
  const initial = await trainer.initialParameters();
  const trained = trainedCount(layoutOf(task));
  const { parameters } = await trainer.train(initial, { round: 0, samples: 8 });
  assert.ok(
    parameters.subarray(0, trained).every((value, i) => Math.abs(value - (initial[i] ?? NaN)) < 1e-20),
  );
  const moved = parameters.subarray(trained).filter((value, i) => value !== initial[trained + i]);
  assert.equal(moved.length, parameters.length - trained);
});

test("running statistics go a tenth of the way to those of the batch", () => {
  const parameters = Float32Array.of(5, 1, 2);
  followStatistics(parameters, Float32Array.of(9, 2, 2), 1);
  assert.deepEqual(parameters, Float32Array.of(5, 1.1, 2));
});
