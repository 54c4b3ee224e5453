import assert from "node:assert/strict";
import { test } from "node:test";
import { accuracyOf, builtIn, createTestTrainer, trainAlone } from "./fixture.ts";

const goals = [
  { name: "glyphs-cnn", rounds: 200, accuracy: 0.97, parameters: [8_000, 20_000] },
  { name: "glyphs-mlp", rounds: 600, accuracy: 0.96, parameters: [8_000, 40_000] },
] as const;

for (const { name, rounds, accuracy, parameters } of goals) {
  test(`one peer alone learns ${name} to ${100 * accuracy} % within ${rounds} rounds`, async (t) => {
    const trainer = await createTestTrainer(builtIn(name));
    const [least, most] = parameters;
    assert.ok(trainer.parameterCount >= least && trainer.parameterCount <= most);
    const start = performance.now();
    const trained = await trainAlone(trainer, rounds, 64);
    const reached = await accuracyOf(trainer, trained.parameters);
    t.diagnostic(
      `${trainer.backend}, ${trainer.parameterCount} parameters: ${(100 * reached).toFixed(2)} %, ` +
        `${((performance.now() - start) / (rounds * 64)).toFixed(3)} ms per sample`,
    );
    assert.ok(reached >= accuracy, `${reached}`);
  });
}
