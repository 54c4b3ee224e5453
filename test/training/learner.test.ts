import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { createRng } from "../../shared/core/rng.ts";
import { select, startBackend } from "../../shared/training/backend.ts";
import { syntheticData } from "../../shared/training/data/synthetic.ts";
import { createLearner } from "../../shared/training/learner.ts";
import { wasmBackend } from "../../shared/training/kernels/wasm-heap.ts";
import { initialParameters } from "../../shared/training/models/model.ts";
import type { Problem } from "../../shared/training/problem.ts";
import { createPredictor } from "../../shared/training/predictor.ts";
import { createProblem } from "../../shared/training/problems/create-problem.ts";
import { score } from "../../shared/training/problems/score.ts";
import { cpu, wasm } from "./fixture.ts";
import { tinyTasks } from "./tiny-models.ts";

before(async () => {
  await startBackend(cpu);
  await startBackend(wasm);
});

const full = new Error("the memory is full");
const fail = () => {
  throw full;
};
const failing = tf.customGrad((...given) => {
  const [x] = given;
  if (!(x instanceof tf.Tensor)) throw new Error("no tensor");
  return { value: tf.clone(x), gradFunc: fail };
});

const held = () => ({ tensors: tf.memory().numTensors, buffers: wasmBackend().numDataIds() });

/** Ways in which memory may be short. */
const faults: readonly (readonly [where: string, change: (problem: Problem) => Partial<Problem>])[] = [
  [
    "after the forward pass",
    ({ loss }) => ({
      loss: (...given) => {
        loss(...given);
        return fail();
      },
    }),
  ],
  [
    "in the backward pass",
    ({ loss }) => ({ loss: (...given) => tf.reshape<tf.Rank.R0>(failing(loss(...given)), []) }),
  ],
];

for (const task of tinyTasks) {
  for (const [where, change] of faults) {
    test(`${task.name}: a step that fails ${where} leaves nothing behind`, async () => {
      await select("wasm", "it was started");
      const problem = createProblem(task, syntheticData(task.data, 8));
      const parameters = initialParameters(problem.parameters, 1);
      const learner = createLearner({ ...problem, ...change(problem) }, 4, createRng(1));
      const heldBefore = held();
      const which = new Uint32Array([0, 1, 2, 3]);
      await assert.rejects(learner.gradient(parameters, which, new Float32Array(parameters.length)), full);
      assert.deepEqual(held(), heldBefore);
    });
  }

  test(`${task.name}: an evaluation that fails leaves nothing behind, and takes no more than a batch`, async () => {
    await select("wasm", "it was started");
    const problem = createProblem(task, syntheticData(task.data, 8));
    const parameters = initialParameters(problem.parameters, 1);
    const asked: number[] = [];
    async function evaluate(which: Uint32Array, tensors: readonly tf.Tensor[]) {
      asked.push(which.length);
      return asked.length === 2 ? fail() : problem.evaluate(which, tensors);
    }
    const learner = createLearner({ ...problem, evaluate }, 3, createRng(1));
    const heldBefore = held();
    await assert.rejects(learner.evaluate(parameters, 0, 8), full);
    assert.deepEqual([held(), asked], [heldBefore, [3, 3]]);
  });
}

/** A GPU that is lost while something is read from it. */
async function withReadingBroken(use: () => Promise<void>): Promise<void> {
  await select("cpu", "it was started");
  const backend = tf.backend();
  const { read } = backend;
  backend.read = async () => fail();
  try {
    await use();
  } finally {
    backend.read = read;
  }
}

test("scores and predictions that can't be read are freed all the same", async () => {
  const task = tinyTasks.find(({ name }) => name === "cnn");
  assert.ok(task);
  await withReadingBroken(async () => {
    const { numTensors } = tf.memory();
    await assert.rejects(score(tf.zeros([2, 3]), [0, 1]), full);
    const parameters = initialParameters(createProblem(task, syntheticData(task.data, 1)).parameters, 1);
    const predictor = createPredictor(task, parameters);
    await assert.rejects(predictor.predict(new Uint8Array(75)), full);
    predictor.close();
    assert.equal(tf.memory().numTensors, numTensors);
  });
});

test("of scores that are equally large the first is the answer", async () => {
  await select("cpu", "it was started");
  const ties = () => tf.tensor2d([0, 0, 0, 0, 2, 2], [2, 3]);
  assert.equal((await score(ties(), [0, 1])).correct, 2);
  assert.equal((await score(ties(), [1, 2])).correct, 0);
});
