import assert from "node:assert/strict";
import { test } from "node:test";
import { createOwnerCheck } from "../../shared/core/owner-check.ts";
import { createPlan, planWithOwners } from "../../shared/core/plan.ts";
import { createRng } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import { createSlot } from "../../shared/core/round-slot.ts";
import { createSlotMemory } from "../../shared/core/slot-memory.ts";

const members = 4;
const shape = { valueCount: members * 2 * 8, fragmentCount: members * 2, valuesPerFragment: 8 };
const view = { epoch: 1, fromRound: 0, members: ["a", "b", "c", "d"] };

/** Seat 0's round: it has 0 everywhere, and everybody's averages are `far` away, seat 3's `farOf3`. */
function round(number: number, far: number, farOf3: number, missing: readonly number[] = []) {
  const plan = planWithOwners(Uint32Array.of(0, 1, 2, 3), shape.fragmentCount);
  const slot = createSlot(number, view, plan, 0, shape, createRng(1), createSlotMemory());
  Object.assign(slot, { values: new Float32Array(shape.valueCount) });
  slot.received.fill(1);
  for (const fragment of missing) slot.received[fragment] = 0;
  const values = new Float32Array(shape.valueCount).fill(far).fill(farOf3, 3 * 16);
  return { slot, values };
}

test("an average may be three times as far away as usual; what is further is drawn nearer, and its owner named", () => {
  const check = createOwnerCheck(shape);
  for (let number = 0; number < 20; number++) {
    const { slot, values } = round(number, 1, 1 + 0.1 * (number % 3));
    assert.deepEqual(check.apply(slot, values), []);
    assert.equal(values[20], 1);
  }
  const near = round(20, 1, 2.9);
  assert.deepEqual(check.apply(near.slot, near.values), []);
  assert.equal(near.values[50], Math.fround(2.9));
  const lied = round(21, 1, 1_000);
  assert.deepEqual(check.apply(lied.slot, lied.values), [3]);
  for (const value of lied.values.subarray(48)) assert.ok(Math.abs(value - 1.1) < 1e-5, `${value}`);
  assert.equal(lied.values[40], 1, "the others' stay as they came");
});

/** Seat 0's round of owners drawn anew: of 60 fragments the first 12 always move, the others one time in thirty. */
function seldomRound(number: number, rng: Rng, lie = 0) {
  const many = { valueCount: 480, fragmentCount: 60, valuesPerFragment: 8 };
  const plan = createPlan({ seed: 3, epoch: 1, round: number, members, fragmentCount: many.fragmentCount });
  const slot = createSlot(number, view, plan, 0, many, createRng(1), createSlotMemory());
  Object.assign(slot, { values: new Float32Array(many.valueCount) });
  slot.received.fill(1);
  const values = new Float32Array(many.valueCount);
  for (let fragment = 0; fragment < many.fragmentCount; fragment++) {
    const moves = fragment < 12 || rng.below(30) === 0;
    const from = fragment * many.valuesPerFragment;
    values.fill(moves ? 0.7 + 0.6 * rng.float() : 0, from, from + many.valuesPerFragment);
    if (plan.ownerOf(fragment) === 3) values.fill(lie, from, lie > 0 ? from + many.valuesPerFragment : from);
  }
  return { many, slot, values };
}

test("what seldom moves may move as far as the others do, and no further", () => {
  const rng = createRng(7);
  const check = createOwnerCheck(seldomRound(0, rng).many);
  for (let number = 0; number < 400; number++) {
    const { slot, values } = seldomRound(number, rng);
    const sent = values.slice();
    assert.deepEqual(check.apply(slot, values), [], `round ${number}`);
    assert.deepEqual(values, sent, `round ${number}: nothing is drawn nearer`);
  }
  for (let number = 400; number < 410; number++) {
    const { slot, values } = seldomRound(number, rng, 50);
    assert.deepEqual(check.apply(slot, values), [3], `round ${number}`);
    assert.ok(Math.max(...values) < 1.5);
  }
});

test("in the first rounds the other fragments are the measure", () => {
  const { slot, values } = round(0, 1, 1_000);
  assert.deepEqual(createOwnerCheck(shape).apply(slot, values), [3]);
  assert.equal(values[50], 1);
});

test("who was away for long has everybody's values some rounds later", () => {
  const check = createOwnerCheck(shape);
  for (let number = 0; number < 20; number++) {
    const { slot, values } = round(number, 1, 1);
    check.apply(slot, values);
  }
  let rounds = 0;
  for (let drawn = true; drawn; rounds++) {
    const { slot, values } = round(20 + rounds, 100, 100);
    check.apply(slot, values);
    drawn = values[20] !== 100;
    assert.ok(rounds < 10);
  }
});

test("what did not come, and a listener's round, are left alone", () => {
  const check = createOwnerCheck(shape);
  const partly = round(0, 1, 1_000, [6]);
  check.apply(partly.slot, partly.values);
  assert.equal(partly.values[48], 1_000, "our own values stand there");
  const listening = round(1, 1, 1_000);
  listening.slot.listening = true;
  assert.deepEqual(check.apply(listening.slot, listening.values), []);
  assert.equal(listening.values[50], 1_000);
});
