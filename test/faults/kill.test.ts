/** A peer dies without a word (SIGKILL) in a run of real processes; another one comes. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { cleanup } from "../../peer-node/node-datachannel-link.ts";
import { parseTask } from "../../shared/core/task.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";
import { evaluate, startObserver } from "../labs/observer.ts";
import { roundsOf } from "../labs/peer-events.ts";
import type { RoundEvent } from "../labs/peer-events.ts";
import type { RunningPeer } from "../labs/training-run.ts";
import { proxySite, startTraining } from "../labs/training-run.ts";

/** Two phases of two seconds: what a round takes at most, before peers have learned how long it takes. */
const deadlineMs = 4_000;
const newcomerRounds = 5;

const task = parseTask({
  ...builtInTasks["glyphs-cnn"],
  work: { samplesPerRound: 64 },
  rounds: 100_000,
  optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9, warmupRounds: 20 },
  minPeers: 4,
});

const last = (peer: RunningPeer): RoundEvent | undefined => roundsOf(peer.events).at(-1);

after(() => cleanup());

test("a peer dies in a round, another joins", { timeout: 120_000 }, async (t) => {
  const run = await startTraining(proxySite(0), task, 3);
  t.after(() => run.close());
  const observer = await startObserver(run.url, 11);
  t.after(() => observer.stop());
  const [victim, ...others] = run.peers;
  assert.ok(victim);
  await run.until("60 rounds", () => (last(victim)?.round ?? 0) >= 60, 60_000);

  const killedAtMs = performance.now();
  const epoch = last(victim)?.epoch ?? 0;
  victim.child.kill("SIGKILL");

  await t.test("the others finish the round within its deadline", async () => {
    const isPast = (peer: RunningPeer) => (last(peer)?.atMs ?? 0) > killedAtMs;
    await run.until("a round without the dead", () => others.every(isPast), deadlineMs + 1_000);
  });

  await t.test("the view drops it within 12 s", async () => {
    const isNew = (peer: RunningPeer) => (last(peer)?.epoch ?? 0) > epoch;
    await run.until("a new view", () => others.every(isNew), 12_000 - (performance.now() - killedAtMs));
    t.diagnostic(`after ${((performance.now() - killedAtMs) / 1000).toFixed(1)} s`);
  });

  await t.test("training goes on, and no round ever took longer than its deadline", async () => {
    const goal = Math.max(...others.map((peer) => last(peer)?.round ?? 0)) + 40;
    await run.until("40 more rounds", () => others.every((peer) => (last(peer)?.round ?? 0) >= goal), 30_000);
    for (const { roundMs, round } of others.flatMap((peer) => roundsOf(peer.events)))
      assert.ok(roundMs <= deadlineMs + 100, `round ${round} took ${roundMs} ms`);
  });

  await t.test("a newcomer is within a point of the others after five rounds", async () => {
    const newcomer = await startObserver(run.url, 12);
    t.after(() => newcomer.stop());
    await run.until("five rounds of the newcomer", () => newcomer.results.length >= newcomerRounds, 30_000);
    const fifth = newcomer.results[newcomerRounds - 1];
    assert.ok(fifth);
    const sameRound = () => observer.results.find(({ round }) => round >= fifth.round);
    await run.until("the same round elsewhere", () => sameRound() !== undefined, 10_000);
    const [own = NaN, theirs = NaN] = await evaluate(task, [
      fifth.values,
      sameRound()?.values ?? new Float32Array(),
    ]);
    t.diagnostic(`the newcomer's accuracy ${own}, the others' ${theirs}`);
    assert.ok(theirs > 0.9 && Math.abs(own - theirs) <= 0.01, `${own} and ${theirs}`);
  });
});
