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

const adam = {
  kind: "adam",
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  warmupRounds: 0,
  decay: "none",
} as const;

test("Adam's first step is the learning rate against the sign of the gradient, however large it is", () => {
  const optimizer = createOptimizer(adam, 10, 2);
  const parameters = Float32Array.of(1, 1);
  optimizer.step(parameters, Float32Array.of(1e-3, -50), 0);
  assert.ok(Math.abs((parameters[0] ?? NaN) - 0.9) < 1e-5);
  assert.ok(Math.abs((parameters[1] ?? NaN) - 1.1) < 1e-5);
});

test("Adam computes what Kingma & Ba's algorithm says", () => {
  const optimizer = createOptimizer(adam, 10, 1);
  const parameters = Float32Array.of(0);
  const gradients = [1, -2, 0.5, 3];
  let [expected, first, second] = [0, 0, 0];
  for (const [step, gradient] of gradients.entries()) {
    optimizer.step(parameters, Float32Array.of(gradient), step);
    first = 0.9 * first + 0.1 * gradient;
    second = 0.99 * second + 0.01 * gradient ** 2;
    const [mean, square] = [first / (1 - 0.9 ** (step + 1)), second / (1 - 0.99 ** (step + 1))];
    expected -= (0.1 * mean) / (Math.sqrt(square) + 1e-8);
  }
  assert.ok(Math.abs((parameters[0] ?? NaN) - expected) < 1e-6);
});

for (const spec of [plain, adam]) {
  test(`${spec.kind} leaves alone what is not trained`, () => {
    const parameters = Float32Array.of(1, 1, 1);
    createOptimizer(spec, 10, 2).step(parameters, Float32Array.of(1, 1, 1), 0);
    assert.equal(parameters[2], 1);
    assert.notEqual(parameters[1], 1);
  });
}
