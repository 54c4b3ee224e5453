import assert from "node:assert/strict";
import { test } from "node:test";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import { needsData } from "../needs.ts";
import { builtIn, trainAlone, wasm } from "./fixture.ts";

const clock = { now: () => performance.now() };

/** Of the real data, a few steps each: [task, steps, what the loss must have lost by then]. */
const slices = [
  ["mnist-cnn", 60, 0.4],
  ["atis-lstm", 25, 0.4],
  ["shakespeare-transformer", 15, 0.85],
  ["cifar10-resnet20", 30, 0.97],
] as const;

for (const [name, steps, share] of slices) {
  test(`${name}: the loss on real data falls within ${steps} steps`, { skip: needsData() }, async () => {
    const task = builtIn(name);
    const source = createFolderSource(process.env["SHOAL_DATA"] ?? "");
    const optimizer = { ...task.optimizer, warmupRounds: 0 };
    const trainer = await createTrainer({ ...task, optimizer }, { shard: 0, backend: wasm, clock, source });
    const { losses } = await trainAlone(trainer, steps, task.batch);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const [first, last] = [mean(losses.slice(0, 3)), mean(losses.slice(-3))];
    assert.ok(last < share * first, `from ${first} to ${last}`);
  });
}
