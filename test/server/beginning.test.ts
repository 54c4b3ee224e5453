/** Which of the models that peers bring a training begins with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createRng } from "../../shared/core/rng.ts";
import { sketchOf } from "../../shared/net/sketch.ts";
import { beginningOf } from "../../signaling-server/beginning.ts";
import type { Brought } from "../../signaling-server/beginning.ts";
import { toyTask } from "../peers/room.ts";
import { createToyTrainer } from "../peers/toy-trainer.ts";

const task = toyTask();

async function trained(shard: number, rounds: number): Promise<Float32Array> {
  const trainer = createToyTrainer(task, shard);
  let model = await trainer.initialParameters();
  for (let round = 0; round < rounds; round++)
    model = (await trainer.train(model, { round, samples: 64 })).parameters;
  return model;
}

const bring = (round: number, model: Float32Array, wasMember = false): Brought => ({
  round,
  sketch: sketchOf(model, task.seed),
  wasMember,
});

/** Three times as far from each other as replicas are at 40 % loss (`shoal simulate --loss 0.4`). */
function nearby(model: Float32Array, number: number): Float32Array {
  const rng = createRng(number);
  const size = (0.06 * Math.hypot(...model)) / Math.sqrt(model.length);
  return model.map((value) => value + size * (rng.float() < 0.5 ? -1 : 1));
}

test("replicas of one training are alike, models of two are not", async () => {
  const [one, other] = await Promise.all([trained(0, 100), trained(1, 100)]);
  const brought = new Map([
    ["a", bring(100, one)],
    ["b", bring(100, other)],
    ["c", bring(100, nearby(one, 1))],
    ["d", bring(100, nearby(one, 2))],
  ]);
  assert.deepEqual(beginningOf(brought), {
    round: 100,
    starters: ["a", "c", "d"],
    isAgreed: true,
    passedOver: [],
  });
  brought.delete("c");
  brought.delete("d");
  assert.deepEqual(beginningOf(brought)?.starters.length, 1, "one of them counts, not their mixture");
});

test("who does not say what its model is like agrees with nobody; a member that paused need not", async () => {
  const model = await trained(0, 3);
  const unsaid = { round: 9, sketch: undefined, wasMember: false };
  assert.equal(
    beginningOf(
      new Map([
        ["a", unsaid],
        ["b", { ...unsaid }],
      ]),
    )?.isAgreed,
    false,
  );
  const brought = new Map([
    ["a", bring(7, model)],
    ["b", bring(7, model)],
    ["c", bring(8, model, true)],
  ]);
  assert.deepEqual(beginningOf(brought)?.starters, ["c"]);
  assert.equal(beginningOf(new Map()), null);
});

test("whatever one stranger claims, two that agree have their model", async () => {
  const model = await trained(0, 3);
  const value = fc.double({ min: -1e300, max: 1e300, noNaN: true });
  const claim = fc.record({
    round: fc.integer({ min: 1, max: 0xffff_ffff }),
    sketch: fc.option(fc.array(value, { minLength: 64, maxLength: 64 }), { nil: undefined }),
    wasMember: fc.constant(false),
  });
  fc.assert(
    fc.property(claim, fc.integer({ min: 1, max: 1_000 }), (stranger, round) => {
      const honest: [string, Brought][] = [
        ["a", bring(round, model)],
        ["b", bring(round, nearby(model, 1))],
      ];
      const beginning = beginningOf(new Map([["stranger", stranger], ...honest]));
      assert.equal(beginning?.round, round);
      assert.ok(beginning.starters.includes("a") && beginning.starters.includes("b"));
    }),
    { seed: 1, numRuns: 300 },
  );
});
