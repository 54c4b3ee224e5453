import assert from "node:assert/strict";
import { test } from "node:test";
import { createRobustMean } from "../../shared/core/averaging/robust.ts";
import { createContributionCheck } from "../../shared/core/contribution-check.ts";
import { planWithOwners } from "../../shared/core/plan.ts";
import { createRng } from "../../shared/core/rng.ts";
import { robustOf } from "../../shared/core/robust-setting.ts";
import { createSlot, rowOf } from "../../shared/core/round-slot.ts";
import { createSlotMemory } from "../../shared/core/slot-memory.ts";

const members = 8;
const perFragment = 200;
const shape = { valueCount: members * perFragment, fragmentCount: members, valuesPerFragment: perFragment };
const robustMean = createRobustMean(robustOf("centered-clip"), perFragment);
const view = { epoch: 1, fromRound: 0, members: Array.from("abcdefgh") };
const plan = planWithOwners(
  Uint32Array.from({ length: members }, (_, seat) => seat),
  members,
);
const origin = Float32Array.from({ length: shape.valueCount }, (_, i) => Math.sin(i));

type Update = "same" | "long" | "backwards" | "noise" | "aside";
/** Times what was learned, and so much of something else. */
const lies: Readonly<Record<Update, readonly [number, number]>> = {
  same: [1, 0],
  long: [10, 0],
  backwards: [-10, 0],
  noise: [0, 20],
  aside: [1, 6],
};

/** Seat 0's round: all learn much the same, each with noise of its own, and seat 7 as it is said. */
function round(number: number, ofLast: Update, from: Float32Array) {
  const rng = createRng(number + 1);
  const slot = createSlot(number, view, plan, 0, shape, createRng(1), createSlotMemory());
  const common = Array.from({ length: perFragment }, () => rng.normal());
  for (let seat = 0; seat < members; seat++) {
    const [times, astray] = lies[seat === members - 1 ? ofLast : "same"];
    for (let i = 0; i < perFragment; i++) {
      const learned = (common[i] ?? 0) + rng.normal();
      const update = times * learned + (astray === 0 ? 0 : astray * rng.normal());
      slot.contributions.values[rowOf(slot, shape, 0, seat) + i] = (from[i] ?? 0) + update;
    }
  }
  slot.contributions.present.fill(1);
  slot.contributors[0] = robustMean(slot.contributions, perFragment, slot.averages, 0);
  return slot;
}

function blamed(
  ofLast: Update,
  { exchangesUpdates = false, after = 0 }: { exchangesUpdates?: boolean; after?: number } = {},
): readonly number[] {
  const check = createContributionCheck(shape, exchangesUpdates);
  assert.deepEqual(check.tooFar(round(0, "same", origin), origin), [], "of the first round nothing is known");
  const slot = round(1 + after, ofLast, exchangesUpdates ? new Float32Array(shape.valueCount) : origin);
  check.averaged(slot, 0);
  return check.tooFar(slot, origin);
}

test("who goes backwards or anywhere is blamed for being far away, and who goes the others' way is not", () => {
  assert.deepEqual(blamed("same"), []);
  assert.deepEqual(blamed("long"), []);
  assert.deepEqual(blamed("backwards"), [7]);
  assert.deepEqual(blamed("noise"), [7]);
  assert.deepEqual(blamed("aside"), [7], "a little of the others' way is no agreement");
});

test("updates are measured from 0, and replicas from what we had in the round before, or not at all", () => {
  assert.deepEqual(blamed("long", { exchangesUpdates: true }), []);
  assert.deepEqual(blamed("backwards", { exchangesUpdates: true }), [7]);
  assert.deepEqual(blamed("backwards", { after: 1 }), [], "we were away: others' origin is not ours");
});
