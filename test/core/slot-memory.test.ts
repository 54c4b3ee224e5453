import assert from "node:assert/strict";
import { test } from "node:test";
import { createSlotMemory } from "../../shared/core/slot-memory.ts";

test("an array is lent again, and those of an older view's length go when others are made", () => {
  const memory = createSlotMemory();
  const old = [10, 10, 10].map((length) => memory.take(length));
  for (const array of old) memory.give(array);
  assert.equal(memory.take(10), old[0]);
  const made = [20, 20].map((length) => memory.take(length));
  for (const array of made) memory.give(array);
  assert.equal(memory.take(20), made[0]);
  assert.ok(!old.includes(memory.take(10)), "both were dropped when two of another length were made");
});
