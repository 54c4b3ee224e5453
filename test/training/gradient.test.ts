import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import type { ModelSpec } from "../../shared/core/task.ts";
import { select, startBackend } from "../../shared/training/backend.ts";
import { createGlyphs } from "../../shared/training/data/glyphs.ts";
import { createLearner } from "../../shared/training/learner.ts";
import { createModel } from "../../shared/training/models/create-model.ts";
import { initialParameters, sizeOf } from "../../shared/training/models/model.ts";
import { cpu, distance, wasm } from "./fixture.ts";

const data = createGlyphs({ seed: 1, shard: 0, samplesPerShard: 64, validationSamples: 10 });
const batch = Uint32Array.from({ length: 32 }, (_, i) => i);
const specs: readonly ModelSpec[] = [
  { kind: "mlp", hidden: [12, 8] },
  { kind: "cnn", channels: [4] },
  { kind: "cnn", channels: [4, 8] },
  { kind: "cnn", channels: [3, 5, 7] },
];

async function prepare(spec: ModelSpec) {
  await startBackend(cpu);
  await startBackend(wasm);
  const model = createModel(spec, data.shape, data.classes);
  const learner = createLearner(model, data);
  const parameters = initialParameters(model, 3);
  // Biases start at zero: moved, so that theirs are gradients at a general place.
  const rng = createRng(4);
  for (const [i, value] of parameters.entries()) parameters[i] = value + 0.05 * rng.normal();
  const gradientAt = async (place: Float32Array) => {
    const gradient = new Float32Array(place.length);
    const loss = await learner.gradient(place, batch, gradient);
    return { loss, gradient };
  };
  return { model, parameters, gradientAt };
}

for (const spec of specs) {
  const name = JSON.stringify(spec);

  test(`${name}: loss and gradient on wasm as on cpu`, async () => {
    const { parameters, gradientAt } = await prepare(spec);
    await select("wasm", "it was current before");
    const onWasm = await gradientAt(parameters);
    await select("cpu", "it was current before");
    const onCpu = await gradientAt(parameters);
    assert.ok(Math.abs(onWasm.loss / onCpu.loss - 1) < 1e-5, `${onWasm.loss} ${onCpu.loss}`);
    assert.ok(distance(onWasm.gradient, onCpu.gradient) < 1e-5);
  });

  test(`${name}: every parameter's gradient is the slope of the loss, also after parameters changed`, async () => {
    const { model, parameters, gradientAt } = await prepare(spec);
    await select("wasm", "it was current before");
    // A backend that kept old weights would give the loss of the first place again and again.
    await gradientAt(parameters);
    const { gradient } = await gradientAt(parameters.map((value) => value * 0.9));
    let start = 0;
    for (const part of model.parameters) {
      const end = start + sizeOf(part);
      const along = gradient.map((value, i) => (i >= start && i < end ? value : 0));
      const slope = Math.sqrt(along.reduce((sum, value) => sum + value * value, 0));
      const step = 0.002 / slope;
      const lossAt = async (sign: number) =>
        (await gradientAt(parameters.map((value, i) => value * 0.9 + sign * step * (along[i] ?? 0)))).loss;
      const measured = ((await lossAt(1)) - (await lossAt(-1))) / 0.004;
      assert.ok(Math.abs(measured / slope - 1) < 0.02, `${part.name}: ${measured}, not ${slope}`);
      start = end;
    }
  });
}
