/**
 * Real loss is the loss: four peer processes in four network namespaces, the kernel drops what arrives. What
 * gets through is what the network leaves, nothing is repaired by sending it again, and RPS learns as if
 * nothing were missing. At 20 % it is SCTP's congestion control that sets the pace (docs/design.md).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
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

async function run(lab: KernelLab, drop: number, task: Task): Promise<RunFigures> {
  lab.drop(0);
  const onTraining = () => lab.drop(drop);
  return runTraining({ site: kernelSite(lab), task, peers, timeLimitMs, onTraining });
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
  };
}

test("real loss is the loss", { skip: needsKernelLab() }, async (t) => {
  const lab = await createKernelLab({ peers });
  t.after(() => lab.close());
  const measured = new Map<number, RunFigures>();
  const figuresAt = (drop: number): RunFigures => {
    const figures = measured.get(drop);
    assert.ok(figures, `the run at ${drop} came through`);
    return figures;
  };

  for (const [drop, allowance] of [
    [0, 0],
    [0.01, 0.5 * point],
    [0.05, 0.5 * point],
    [0.1, 0.5 * point],
    [0.2, 1 * point],
  ] as const) {
    await t.test(`${drop * 100} % dropped`, async (level) => {
      const task = lossTask({ averaging: "rps", peers });
      const figures = await run(lab, drop, task);
      const kernel = kernelCounts(lab);
      measured.set(drop, figures);
      level.diagnostic(JSON.stringify({ ...figures, kernel }));

      await level.test("the share of fragments that is delivered is what the kernel lets through", () => {
        const passed = kernel.passed / kernel.sent;
        // What a congested link gave up before it left the machine, the network can't have dropped.
        const arrived =
          (figures.deliveredShare * handedOver(figures)) / Math.min(kernel.sent, handedOver(figures));
        for (const share of [arrived, passed])
          assert.ok(Math.abs(share - (1 - drop)) <= point, `delivered ${share}`);
      });
      await level.test("no fragment leaves a machine more often than it was handed over", () => {
        const handed = handedOver(figures);
        assert.ok(kernel.sent <= 1.002 * handed, `${kernel.sent} datagrams for ${handed} fragments`);
        assert.ok(kernel.sent > 0.98 * handed, `${kernel.sent} datagrams for ${handed} fragments`);
        // A busy machine drops a few before iptables sees them. The counters are set to zero one after the
        // other: what was under way then may have been seen but not sent.
        const seen = kernel.passed + kernel.dropped;
        assert.ok(seen <= 1.002 * handed && seen > 0.99 * kernel.sent, `${seen} of ${kernel.sent} were seen`);
      });
      await level.test("every peer ends as good as without loss", () => {
        assert.equal(figures.rounds, task.rounds);
        const lossless = figuresAt(0).accuracy;
        assert.ok(lossless >= 0.97, `${lossless} without loss`);
        for (const accuracy of figures.accuracies)
          assert.ok(accuracy >= lossless - allowance, `${accuracy} at ${drop}, ${lossless} without loss`);
      });
    });
  }
});

test("gradient averaging at 10 % is clearly worse than rps", { skip: needsKernelLab() }, async (t) => {
  // Side by side: under losses both wait for most of the time.
  const inLab = async (averaging: "rps" | "gradient"): Promise<RunFigures> => {
    const lab = await createKernelLab({ peers });
    t.after(() => lab.close());
    return run(lab, 0.1, noisyTask({ averaging, peers }));
  };
  const [rps, gradient] = await Promise.all([inLab("rps"), inLab("gradient")]);
  for (const figures of [rps, gradient]) t.diagnostic(JSON.stringify(figures));
  assert.ok(gradient.accuracy < rps.accuracy - 1 * point, `${gradient.accuracy}, rps ${rps.accuracy}`);
  assert.ok(gradient.loss > 1.2 * rps.loss, `loss ${gradient.loss}, rps ${rps.loss}`);
  // Replicas of rps end as one model, those of gradient averaging as different ones.
  const apart = (figures: RunFigures) => disagreement(figures) / figures.loss;
  assert.ok(apart(rps) < 0.001, `with rps, losses differ by ${apart(rps)} of themselves`);
  assert.ok(apart(gradient) > 0.01, `losses differ by ${apart(gradient)} of themselves`);
});
