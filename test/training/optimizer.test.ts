import assert from "node:assert/strict";
import { test } from "node:test";
import { createOptimizer, learningRateAt } from "../../shared/training/optimizer.ts";
import { smallTask } from "./fixture.ts";

const plain = { kind: "sgd", learningRate: 0.5, momentum: 0, warmupRounds: 0, decay: "none" } as const;

test("without warm-up and decay the learning rate is the task's", () => {
  for (const round of [0, 50, 99]) assert.equal(learningRateAt(plain, 100, round), 0.5);
});

test("warm-up rises linearly, and round 0 already learns", () => {
  const spec = { ...plain, warmupRounds: 4 };
  const rates = [0, 1, 2, 3, 4].map((round) => learningRateAt(spec, 100, round));
  for (const [i, rate] of rates.entries()) assert.ok(Math.abs(rate - 0.1 * (i + 1)) < 1e-12);
});

test("cosine falls from the full rate to 0 at the last round and stays there", () => {
  const spec = { ...plain, warmupRounds: 10, decay: "cosine" } as const;
  assert.equal(learningRateAt(spec, 101, 10), 0.5);
  assert.ok(Math.abs(learningRateAt(spec, 101, 55) - 0.25) < 1e-12);
  assert.equal(learningRateAt(spec, 101, 100), 0);
  assert.equal(learningRateAt(spec, 101, 1000), 0);
});

test("momentum remembers the gradients of earlier steps", () => {
  const optimizer = createOptimizer({ ...plain, momentum: 0.5 }, 10, 1);
  const parameters = Float32Array.of(1);
  optimizer.step(parameters, Float32Array.of(1), 0);
  assert.equal(parameters[0], 0.5);
  optimizer.step(parameters, Float32Array.of(0), 1);
  assert.equal(parameters[0], 0.25);
});

test("a task of a single round has a learning rate", () => {
  const { optimizer } = smallTask({ rounds: 1 });
  assert.equal(learningRateAt({ ...optimizer, decay: "cosine" }, 1, 0), optimizer.learningRate);
});
