/** The rules beyond the paper's, in real peers over real WebRTC links that lose a tenth of what they carry. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import type { Task } from "../../shared/core/task.ts";
import { watchLateness } from "../labs/lateness.ts";
import { createRootlessLab } from "../labs/rootless.ts";
import { openRoom, toyTask } from "./room.ts";
import type { TestPeer } from "./room.ts";
import { createToyTrainer } from "./toy-trainer.ts";

const loss = 0.1;

/** Three peers that train, and rain from when all links are up. */
async function train(t: TestContext, more: Partial<Task>) {
  const task = toyTask({ minPeers: 3, ...more });
  const room = await openRoom(t, task);
  const lab = createRootlessLab({ createLink: createNodeDatachannelLink, seed: 5 });
  const add = (number: number) => room.add(number, lab.createLink);
  const peers = await Promise.all([add(1), add(2), add(3)]);
  const rounds = (count: number) =>
    Promise.all(peers.map((peer) => peer.until(`${count} rounds`, () => peer.results.length >= count)));
  await rounds(3);
  lab.set({ loss });
  return { task, peers, add, rounds, lab };
}

const accuracyOf = (task: Task, { results }: TestPeer) =>
  createToyTrainer(task, 0).accuracy(results.at(-1)?.values ?? new Float32Array(0));

test("running sums: three peers learn, a fourth joins and one leaves, and all end with one model", async (t) => {
  const lateness = watchLateness(t);
  const { task, peers, add, rounds, lab } = await train(t, { averaging: "running-sums" });
  await rounds(30);
  lab.set({ loss: 0 }); // connecting has tests of its own
  const newcomer = await add(4);
  await newcomer.until("a round", () => newcomer.results.length >= 1);
  lab.set({ loss });
  await newcomer.until("8 rounds", () => newcomer.results.length >= 8);
  peers[2]?.peer.stop();
  const [first, second] = peers;
  assert.ok(first && second);
  await first.until("a view without it", () => first.peer.snapshot().members === 3);
  const count = first.results.length;
  await first.until("8 more rounds", () => first.results.length >= count + 8);
  const accuracies = [first, second, newcomer].map((peer) => accuracyOf(task, peer));
  assert.ok(Math.min(...accuracies) > 0.5, accuracies.join(" "));
  assert.ok(Math.max(...accuracies) - Math.min(...accuracies) < 0.06, accuracies.join(" "));
  for (const { roundMs, deadlineMs } of first.results)
    assert.ok(roundMs <= deadlineMs + lateness(), `${roundMs} of ${deadlineMs} ms, ${lateness()} late`);
});

test("parity: of most rounds no average is missing, though every tenth was lost", async (t) => {
  const { peers, rounds, lab } = await train(t, { parity: 0.5 });
  await rounds(30);
  const { forwarded, dropped } = lab.counters();
  assert.ok(dropped / (forwarded + dropped) > 0.05, `${dropped} of ${forwarded + dropped} packets dropped`);
  const later = peers.flatMap(({ results }) => results.slice(5, 30));
  const whole = later.filter((it) => it.averagedCount === it.averaged.length);
  t.diagnostic(`${whole.length} of ${later.length} rounds are whole`);
  // Without parity 0.9^15 of them would be, a fifth.
  assert.ok(whole.length > later.length / 2, `${whole.length} of ${later.length}`);
});
