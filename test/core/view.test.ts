import assert from "node:assert/strict";
import { test } from "node:test";
import { createNeighborhood } from "../../shared/core/neighborhood.ts";
import { seatOf, viewAt } from "../../shared/core/view.ts";
import type { View } from "../../shared/core/view.ts";

const view = (epoch: number, fromRound: number, members: readonly string[] = ["a", "b"]): View => ({
  epoch,
  fromRound,
  members,
});

test("the newest view that has begun holds", () => {
  const views = [view(1, 0), view(2, 10), view(3, 10), view(4, 20)];
  const epochs = [0, 9, 10, 19, 20, 4_000_000_000].map((round) => viewAt(views, round)?.epoch);
  assert.deepEqual(epochs, [1, 1, 3, 3, 4, 4]);
  assert.equal(viewAt([view(1, 5)], 4), undefined);
});

test("a seat is the place in the list", () => {
  assert.equal(seatOf(view(1, 0), "b"), 1);
  assert.equal(seatOf(view(1, 0), "stranger"), -1);
});

test("an older view than the newest is not installed", () => {
  const known = createNeighborhood("a");
  assert.equal(known.install(view(3, 0)), true);
  assert.equal(known.install(view(3, 5)), false);
  assert.equal(known.install(view(2, 5)), false);
  assert.equal(known.viewAt(7)?.epoch, 3);
});

test("a burst of views that are yet to begin does not displace the one that holds", () => {
  const known = createNeighborhood("a");
  for (let epoch = 1; epoch <= 12; epoch++) known.install(view(epoch, epoch === 1 ? 0 : 100 + epoch));
  assert.equal(known.viewAt(50)?.epoch, 1);
  assert.equal(known.viewAt(105)?.epoch, 5);
  known.enter(106);
  assert.equal(known.viewAt(105)?.epoch, 5, "the round before is still being sent");
  assert.equal(known.viewAt(104), undefined);
});

test("a view that starts afresh makes those before it void", () => {
  const known = createNeighborhood("a");
  known.install(view(1, 0));
  known.install(view(2, 500));
  known.install(view(3, 0, []));
  assert.deepEqual(known.viewAt(700)?.members, []);
});
