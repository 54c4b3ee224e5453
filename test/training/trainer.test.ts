import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { heapBytes, wasmBackend } from "../../shared/training/kernels/wasm-heap.ts";
import { cpu, createTestTrainer, smallTask, trainAlone, wasm } from "./fixture.ts";

test("the same losses on cpu and wasm over 20 steps", async () => {
  const onCpu = await trainAlone(await createTestTrainer(smallTask(), cpu), 20, 16);
  const onWasm = await trainAlone(await createTestTrainer(smallTask(), wasm), 20, 16);
  for (const [round, loss] of onCpu.losses.entries()) {
    assert.ok(Math.abs((onWasm.losses[round] ?? NaN) / loss - 1) < 1e-4, `round ${round}`);
  }
  assert.ok((onCpu.losses.at(-1) ?? NaN) < (onCpu.losses[0] ?? NaN), "and they fall");
});

test("the initial model is a function of the task's seed, not of the shard", async () => {
  const [a, b] = [await createTestTrainer(smallTask()), await createTestTrainer(smallTask(), wasm, 5)];
  assert.deepEqual(await a.initialParameters(), await b.initialParameters());
  const other = await createTestTrainer(smallTask({ seed: 8 }));
  assert.notDeepEqual(await a.initialParameters(), await other.initialParameters());
});

test("the same seed and shard train to identical parameters, another shard does not", async () => {
  const [one, same, other] = [
    await trainAlone(await createTestTrainer(smallTask()), 8, 40),
    await trainAlone(await createTestTrainer(smallTask()), 8, 40),
    await trainAlone(await createTestTrainer(smallTask(), wasm, 1), 8, 40),
  ];
  assert.deepEqual(one, same);
  assert.notDeepEqual(one.parameters, other.parameters);
});

test("no samples: the parameters come back as they went, with no loss", async () => {
  const trainer = await createTestTrainer(smallTask());
  const parameters = await trainer.initialParameters();
  const result = await trainer.train(parameters, { round: 3, samples: 0 });
  assert.deepEqual(result.parameters, parameters);
  assert.notEqual(result.parameters, parameters);
  assert.ok(Number.isNaN(result.loss));
  assert.equal(result.validation, undefined);
});

test("training leaves the array it was given alone", async () => {
  const trainer = await createTestTrainer(smallTask());
  const parameters = await trainer.initialParameters();
  await trainer.train(parameters, { round: 0, samples: 32 });
  assert.deepEqual(parameters, await trainer.initialParameters());
});

test("validation speaks of the parameters before learning, and its slices add up", async () => {
  const trainer = await createTestTrainer(smallTask());
  const parameters = await trainer.initialParameters();
  const validate = async (from: number, count: number, samples = 0) => {
    const { validation } = await trainer.train(parameters, { round: 0, samples, validate: { from, count } });
    assert.ok(validation);
    return validation;
  };
  const whole = await validate(0, 50, 32);
  const [first, rest] = [await validate(0, 20), await validate(20, 1000)];
  assert.deepEqual([whole.count, first.count, rest.count], [50, 20, 30]);
  assert.equal(first.correct + rest.correct, whole.correct);
  assert.ok(Math.abs((first.lossSum + rest.lossSum) / whole.lossSum - 1) < 1e-6);
  assert.deepEqual(await validate(50, 10), { lossSum: 0, correct: 0, count: 0 });
});

test("a vector of another length is refused in one sentence", async () => {
  const trainer = await createTestTrainer(smallTask());
  await assert.rejects(
    trainer.train(new Float32Array(3), { round: 0, samples: 1 }),
    new RegExp(`3 parameters came, the model has ${trainer.parameterCount}$`),
  );
});

/** What stays allocated between rounds. */
function held() {
  return { tensors: tf.memory().numTensors, buffers: wasmBackend().numDataIds(), heapBytes: heapBytes() };
}

test("200 steps leave no tensor and no byte of the wasm heap behind", async () => {
  const trainer = await createTestTrainer(smallTask());
  const parameters = await trainer.initialParameters();
  const work = { round: 0, samples: 40, validate: { from: 0, count: 50 } };
  for (let round = 0; round < 10; round++) await trainer.train(parameters, work);
  const before = held();
  for (let round = 0; round < 67; round++) await trainer.train(parameters, work);
  assert.deepEqual(held(), before);
});
