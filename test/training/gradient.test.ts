import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import type { ModelSpec, Task } from "../../shared/core/task.ts";
import { select, startBackend } from "../../shared/training/backend.ts";
import { syntheticData } from "../../shared/training/data/synthetic.ts";
import { createLearner } from "../../shared/training/learner.ts";
import { initialParameters, sizeOf, trainedCount } from "../../shared/training/models/model.ts";
import { createProblem } from "../../shared/training/problems/create-problem.ts";
import { cpu, distance, smallTask, wasm } from "./fixture.ts";
import { tinyTasks } from "./tiny-models.ts";

const batch = Uint32Array.from({ length: 4 }, (_, i) => i);
const onGlyphs = (name: string, model: ModelSpec): Task => ({ ...smallTask({ model }), name });
const tasks: readonly Task[] = [
  ...tinyTasks,
  onGlyphs("one layer of convolutions", { kind: "cnn", channels: [4] }),
  onGlyphs("three layers of convolutions", { kind: "cnn", channels: [3, 5, 7] }),
];

async function prepare(task: Task, backend: "wasm" | "cpu") {
  await startBackend(cpu);
  await startBackend(wasm);
  await select(backend, "it was current before");
  const problem = createProblem(task, syntheticData(task.data, 64));
  const parameters = initialParameters(problem.parameters, 3);
  // What starts at zero is moved, so that the gradients are those at a general place, and far from ReLU's kink.
  const rng = createRng(4);
  let at = 0;
  for (const spec of problem.parameters) {
    const move = spec.shape.length === 1 ? 0.2 : 0.05;
    for (const end = at + sizeOf(spec); at < end; at++)
      parameters[at] = (parameters[at] ?? 0) + move * rng.normal();
  }
  const gradientAt = async (place: Float32Array) => {
    const gradient = new Float32Array(place.length);
    // The same dropout and crops every time.
    const loss = await createLearner(problem, batch.length, createRng(9)).gradient(place, batch, gradient);
    return { loss, gradient: gradient.subarray(0, trainedCount(problem.parameters)) };
  };
  return { problem, parameters, gradientAt };
}

/** A step of the parameters' length that finite differences are taken over. */
const reach = 0.002;

/** (f(x + d) − f(x − d)) / 2 along the direction, for a step of length `reach`. */
async function slopeAlong(
  direction: Float32Array,
  place: Float32Array,
  lossAt: (place: Float32Array) => Promise<number>,
): Promise<number> {
  const length = Math.hypot(...direction);
  const moved = (sign: number) =>
    place.map((value, i) => value + ((sign * reach) / length) * (direction[i] ?? 0));
  return ((await lossAt(moved(1))) - (await lossAt(moved(-1)))) / (2 * reach);
}

/** A loss is a sum in single precision. */
const lossError = 5e-4;

for (const task of tasks) {
  test(`${task.name}: loss and gradient on wasm as on cpu`, async () => {
    const onWasm = await prepare(task, "wasm").then(({ parameters, gradientAt }) => gradientAt(parameters));
    const onCpu = await prepare(task, "cpu").then(({ parameters, gradientAt }) => gradientAt(parameters));
    assert.ok(Math.abs(onWasm.loss / onCpu.loss - 1) < 1e-5, `${onWasm.loss} ${onCpu.loss}`);
    assert.ok(
      distance(onWasm.gradient, onCpu.gradient) < 2e-5,
      `${distance(onWasm.gradient, onCpu.gradient)}`,
    );
  });

  test(`${task.name}: the gradient on cpu is the slope of the loss`, async () => {
    const { parameters, gradientAt } = await prepare(task, "cpu");
    const { gradient } = await gradientAt(parameters);
    const direction = new Float32Array(parameters.length);
    direction.set(gradient);
    const slope = await slopeAlong(direction, parameters, async (place) => (await gradientAt(place)).loss);
    const expected = Math.hypot(...gradient);
    assert.ok(Math.abs(slope / expected - 1) < 0.02, `${slope}, not ${expected}`);
  });

  test(`${task.name}: every parameter's gradient is the slope of the loss, also after parameters changed`, async () => {
    const { problem, parameters, gradientAt } = await prepare(task, "wasm");
    // A backend that kept old weights would give the loss of the first place again and again.
    await gradientAt(parameters);
    const place = parameters.map((value) => value * 0.9);
    const { gradient } = await gradientAt(place);
    let start = 0;
    for (const part of problem.parameters.filter(({ role }) => role === "trained")) {
      const end = start + sizeOf(part);
      const own = new Float32Array(parameters.length);
      own.set(gradient.subarray(start, end), start);
      const expected = Math.hypot(...own);
      start = end;
      if (expected === 0) continue;
      const slope = await slopeAlong(own, place, async (moved) => (await gradientAt(moved)).loss);
      assert.ok(
        Math.abs(slope - expected) < 0.02 * expected + lossError,
        `${part.name}: ${slope}, not ${expected}`,
      );
    }
  });
}
