/**
 * Real loss is the loss: four peer processes in four network namespaces, the kernel drops what arrives. What
 * gets through is what the network leaves, nothing is repaired by sending it again, and RPS learns as if
 * nothing were missing. At 20 % it is SCTP's congestion control that sets the pace (docs/design.md).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Task } from "../../shared/core/task.ts";
import { createKernelLab } from "../labs/kernel.ts";
import type { KernelLab } from "../labs/kernel.ts";
import { lossTask, noisyTask } from "../labs/loss-task.ts";
import { disagreement, runTraining } from "../labs/run-figures.ts";
import type { RunFigures } from "../labs/run-figures.ts";
import { kernelSite } from "../labs/training-run.ts";
import { needsKernelLab } from "../needs.ts";

const peers = 4;
const timeLimitMs = 170_000;
const point = 0.01;

interface Measured {
  readonly figures: RunFigures;
  readonly kernel: ReturnType<typeof kernelCounts>;
}

async function run(t: TestContext, drop: number, task: Task): Promise<Measured> {
  const lab = await createKernelLab({ peers });
  t.after(() => lab.close());
  const onTraining = () => lab.drop(drop);
  const figures = await runTraining({ site: kernelSite(lab), task, peers, timeLimitMs, onTraining });
  return { figures, kernel: kernelCounts(lab) };
}

/** Of the size that the kernel counts: one of the model's 36 fragments is shorter. */
const handedOver = ({ sent }: RunFigures) => (sent * 35) / 36;

function kernelCounts(lab: KernelLab) {
  const all = Array.from({ length: lab.peers }, (_, peer) => lab.datagrams(peer));
  const sum = (of: (counts: (typeof all)[number]) => number) =>
    all.reduce((total, each) => total + of(each), 0);
  return {
    sent: sum((counts) => counts.largeSent),
    passed: sum((counts) => counts.largePassed),
    dropped: sum((counts) => counts.largeDropped),
    atRisk: sum((counts) => counts.largeAtRisk),
  };
}

const levels = [
  { drop: 0, allowance: 0 },
  { drop: 0.01, allowance: 0.5 * point },
  { drop: 0.05, allowance: 0.5 * point },
  { drop: 0.1, allowance: 0.5 * point },
  { drop: 0.2, allowance: 1 * point },
];
/** From there on peers wait for most of the time, and runs can be side by side. */
const muchLoss = 0.1;

test("real loss is the loss", { skip: needsKernelLab() }, async (t) => {
  const task = lossTask({ averaging: "rps", peers });
  const measured = new Map<number, Measured>();
  const measure = async (drop: number) => void measured.set(drop, await run(t, drop, task));
  for (const { drop } of levels) if (drop < muchLoss) await measure(drop);
  const noisy = (averaging: "rps" | "gradient") => run(t, muchLoss, noisyTask({ averaging, peers }));
  const [rps, gradient] = await Promise.all([
    noisy("rps"),
    noisy("gradient"),
    ...levels.filter(({ drop }) => drop >= muchLoss).map(({ drop }) => measure(drop)),
  ]);
  const lossless = measured.get(0)?.figures.accuracy ?? NaN;

  for (const { drop, allowance } of levels) {
    await t.test(`${drop * 100} % dropped`, async (level) => {
      const { figures, kernel } = measured.get(drop) ?? assert.fail("this run did not come through");
      level.diagnostic(JSON.stringify({ ...figures, kernel }));

      await level.test("the share of fragments that is delivered is what the kernel lets through", () => {
        // What a congested link gave up before it left the machine, the network can't have dropped. It
        // drops none either of what was sent before the rules were in force: a busy lab is late by a round.
        const givenUp = Math.max(0, handedOver(figures) - kernel.sent);
        const missing = (1 - figures.deliveredShare) * handedOver(figures) - givenUp;
        const arrived = kernel.passed + kernel.dropped;
        assert.ok(drop === 0 || kernel.atRisk >= 0.95 * arrived, `${kernel.atRisk} of ${arrived} at risk`);
        const ofKernel = drop === 0 ? kernel.passed / kernel.sent : 1 - kernel.dropped / kernel.atRisk;
        const ofPeers = 1 - missing / (drop === 0 ? kernel.sent : kernel.atRisk);
        // Nobody says what could not be sent to a peer in a round that it left out.
        const leftOut = 1 - figures.rounds / task.rounds;
        for (const [share, unsure] of [
          [ofPeers, leftOut],
          [ofKernel, 0],
        ] as const)
          assert.ok(Math.abs(share - (1 - drop)) <= point + unsure, `delivered ${share}`);
      });
      await level.test("no fragment leaves a machine more often than it was handed over", () => {
        const handed = handedOver(figures);
        assert.ok(kernel.sent <= 1.002 * handed, `${kernel.sent} datagrams for ${handed} fragments`);
        assert.ok(kernel.sent > 0.98 * handed, `${kernel.sent} datagrams for ${handed} fragments`);
        // A busy machine drops a few before iptables sees them.
        const seen = kernel.passed + kernel.dropped;
        assert.ok(seen <= 1.002 * handed && seen > 0.99 * kernel.sent, `${seen} of ${kernel.sent} were seen`);
      });
      await level.test("every peer ends as good as without loss", () => {
        // Sixteen peers share the machine's processors here: one that falls behind the others by more than a round
        // leaves some out.
        assert.ok(figures.rounds > 0.98 * task.rounds, `${figures.rounds} rounds of ${task.rounds}`);
        assert.ok(lossless >= 0.97, `${lossless} without loss`);
        for (const accuracy of figures.accuracies)
          assert.ok(accuracy >= lossless - allowance, `${accuracy} at ${drop}, ${lossless} without loss`);
      });
    });
  }

  await t.test("gradient averaging at 10 % is clearly worse than rps", (worse) => {
    const [good, bad] = [rps.figures, gradient.figures];
    for (const figures of [good, bad]) worse.diagnostic(JSON.stringify(figures));
    assert.ok(bad.accuracy < good.accuracy - 1 * point, `${bad.accuracy}, rps ${good.accuracy}`);
    assert.ok(bad.loss > 1.2 * good.loss, `loss ${bad.loss}, rps ${good.loss}`);
    // Replicas of rps end as one model, those of gradient averaging as different ones.
    const apart = (figures: RunFigures) => disagreement(figures) / figures.loss;
    assert.ok(apart(good) < 0.001, `with rps, losses differ by ${apart(good)} of themselves`);
    assert.ok(apart(bad) > 0.01, `losses differ by ${apart(bad)} of themselves`);
  });
});
