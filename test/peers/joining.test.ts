import assert from "node:assert/strict";
import { test } from "node:test";
import { createToyTrainer } from "./toy-trainer.ts";
import { openRoom, toyTask } from "./room.ts";

test("a peer that joins a run in progress is within 1 point of the others within 5 rounds", async (t) => {
  const task = toyTask({ minPeers: 3 });
  const { add } = await openRoom(t, task);
  const others = await Promise.all([add(1), add(2), add(3)]);
  const first = others[0];
  assert.ok(first);
  await first.until("100 rounds", () => first.results.length >= 100);

  const newcomer = await add(4);
  await newcomer.until("5 rounds", () => newcomer.results.length >= 5);
  const fifth = newcomer.results[4];
  await first.until("the same round", () => (first.results.at(-1)?.round ?? 0) >= (fifth?.round ?? 0));
  const beside = first.results.find((result) => result.round === fifth?.round);
  assert.ok(fifth && beside, "the two were not in the same round");
  const { accuracy } = createToyTrainer(task, 0);
  const [its, ours] = [accuracy(fifth.values), accuracy(beside.values)];
  assert.ok(Math.abs(its - ours) <= 0.01, `the newcomer's accuracy is ${its}, the others' ${ours}`);
  assert.ok(ours > 0.6, `accuracy ${ours}`);
});

test("a peer that leaves says goodbye: the others go on without a pause", async (t) => {
  const { add } = await openRoom(t, toyTask({ minPeers: 3 }));
  const [first, second, third] = await Promise.all([add(1), add(2), add(3)]);
  assert.ok(first && second && third);
  await first.until("20 rounds", () => first.results.length >= 20);
  third.peer.stop();
  assert.equal((await third.outcome).kind, "stopped");
  const before = first.results.length;
  await first.until("a view without it", () => first.peer.snapshot().members === 2, 5_000);
  await first.until("20 more rounds", () => first.results.length >= before + 20);
  // Its goodbye may come when its fragments of the round are awaited already.
  const inVain = first.results.slice(before).filter(({ missed }) => missed.includes(third.peerId));
  assert.ok(inVain.length <= 1, `waited for it in vain in ${inVain.length} rounds`);
});
