/** Whole trainings in virtual time: what the issue promises about slow peers, deaths, bursts and rules. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dropCauses } from "../../shared/core/drops.ts";
import { quantile } from "../../shared/simulation/figures.ts";
import { simulate } from "../../shared/simulation/simulate.ts";
import type { SimulationOptions, SimulationResult, SimulationRow } from "../../shared/simulation/simulate.ts";

const calm = { delayMs: 5, jitterMs: 3 } as const;
const bursts = { ...calm, loss: 0.1, meanBurst: 50 } as const;

const lastRow = (rows: readonly SimulationRow[]): SimulationRow => {
  const row = rows.at(-1);
  assert.ok(row);
  return row;
};

/** To rounding: times are sums of many. */
function assertWithinDeadlines({ worstDeadlineUse }: SimulationResult): void {
  assert.ok(worstDeadlineUse <= 1 + 1e-9, `a round took ${worstDeadlineUse} of its deadline`);
}

test("the same seed replays a run to the last bit, another one does not", () => {
  const options = { peers: 5, rounds: 25, weather: bursts, slowPeers: 1, deaths: [{ peer: 1, round: 9 }] };
  const first = JSON.stringify(simulate({ ...options, seed: 7 }));
  assert.equal(JSON.stringify(simulate({ ...options, seed: 7 })), first);
  assert.notEqual(JSON.stringify(simulate({ ...options, seed: 8 })), first);
});

test("rows are given as they come, and training works", () => {
  const seen: SimulationRow[] = [];
  const { rows } = simulate({ peers: 4, rounds: 40, onRow: (row) => void seen.push(row) });
  assert.deepEqual(seen, rows);
  assert.equal(rows.length, 20);
  assert.ok(lastRow(rows).round >= 40);
  assert.ok(lastRow(rows).accuracy > 0.4, `accuracy ${lastRow(rows).accuracy}`);
});

for (const [name, weather, samplesPerRound, rounds, seeds] of [
  // In short rounds the pace takes some dozens of them to settle.
  ["without loss, in short rounds", calm, 32, 120, [1]],
  ["without loss", calm, 128, 60, [1]],
  // Bursts make one run in ten half as slow again, with or without somebody slow.
  ["in bursts of 50 at 10 % loss", bursts, 128, 60, [1, 2, 3]],
] as const) {
  test(`a peer ten times slower costs the others a fifth of a round at most, ${name}`, () => {
    const ratios = seeds.map((seed) => {
      const options: SimulationOptions = { peers: 8, rounds, samplesPerRound, weather, seed };
      const without = simulate(options);
      const with1 = simulate({ ...options, slowPeers: 1 });
      for (const run of [without, with1]) assertWithinDeadlines(run);
      const slow = with1.samplesPerPeer.at(-1) ?? NaN;
      const others = with1.samplesPerPeer.slice(0, -1);
      assert.ok(slow > 0 && slow < 0.5 * Math.max(...others), `${slow} of ${others.join(" ")} samples`);
      return with1.cycleMsP50 / without.cycleMsP50;
    });
    const middle = quantile(ratios, 0.5);
    assert.ok(middle <= 1.2, `median rounds ${ratios.map((ratio) => ratio.toFixed(3)).join(", ")} times`);
  });
}

test("a death costs a deadline at most, and training goes on as if nothing had been", () => {
  const options: SimulationOptions = { peers: 6, rounds: 60, weather: { ...calm, loss: 0.05 }, seed: 4 };
  const without = simulate(options);
  const run = simulate({ ...options, deaths: [{ peer: 3, round: 20 }] });
  assertWithinDeadlines(run);
  assert.ok(lastRow(run.rows).round >= 60, `reached round ${lastRow(run.rows).round}`);
  const [lost, all] = [lastRow(run.rows), lastRow(without.rows)];
  assert.ok(lost.accuracy > all.accuracy - 0.05, `${lost.accuracy} against ${all.accuracy}`);
  const delaySeconds = lost.seconds - all.seconds;
  assert.ok(delaySeconds < 4 + 0.4 * all.seconds, `${delaySeconds.toFixed(1)} s later`);
  assert.ok(run.roundMsP50 < 1.3 * without.roundMsP50, "the rounds that follow are as fast");
});

test("peers that die together with a third of the group do not stop the rest", () => {
  const deaths = [5, 6, 7].map((peer) => ({ peer, round: 10 }));
  const run = simulate({ peers: 8, rounds: 40, weather: { ...calm, loss: 0.1 }, deaths, seed: 5 });
  assertWithinDeadlines(run);
  assert.ok(lastRow(run.rows).round >= 40, `reached round ${lastRow(run.rows).round}`);
});

test("a run's account adds up: what arrived and what did not is what was owed", () => {
  const peers = 5;
  const rounds = 60;
  const run = simulate({ peers, rounds, weather: { ...calm, loss: 0.1 }, seed: 6 });
  const dropped = dropCauses.reduce((sum, cause) => sum + run.drops[cause], 0);
  assert.equal(run.drops.rejected + run.drops.stale, 0);
  assert.ok(run.received + dropped <= run.sent, `${run.received} + ${dropped} of ${run.sent}`);
  const share = run.drops.lost / (run.received + dropped);
  assert.ok(Math.abs(share - 0.1) < 0.015, `lost ${share}`);
  assert.ok(run.drops.late < 0.02 * run.sent, `late ${run.drops.late}`);
});

test("under 10 % loss, gradient averaging lets replicas drift apart and ends worse than rps", () => {
  const options: SimulationOptions = { peers: 8, rounds: 300, weather: { delayMs: 5, loss: 0.1 }, seed: 1 };
  const models = lastRow(simulate(options).rows);
  const gradients = lastRow(simulate({ ...options, averaging: "gradient" }).rows);
  const say = (row: SimulationRow) =>
    `spread ${row.spread.toExponential(2)}, worst accuracy ${row.worstAccuracy}`;
  const message = `rps ${say(models)}; gradient ${say(gradients)}`;
  assert.ok(gradients.spread > 5 * models.spread, message);
  assert.ok(gradients.worstAccuracy < models.worstAccuracy - 0.01, message);
});

test("without loss, gradient and model averaging are the same thing", () => {
  const options: SimulationOptions = { peers: 4, rounds: 20, seed: 2 };
  const models = lastRow(simulate(options).rows);
  const gradients = lastRow(simulate({ ...options, averaging: "gradient" }).rows);
  assert.ok(Math.abs(models.loss - gradients.loss) < 1e-3, `${models.loss} against ${gradients.loss}`);
});

test("running sums end at 40 % loss where they end without any, and replicas stay together", () => {
  const options: SimulationOptions = { peers: 6, rounds: 150, averaging: "running-sums", seed: 1 };
  const calmRun = lastRow(simulate(options).rows);
  const lossy = lastRow(simulate({ ...options, weather: { delayMs: 1, loss: 0.4 } }).rows);
  const message = `${lossy.accuracy} against ${calmRun.accuracy}, spread ${lossy.spread}`;
  assert.ok(lossy.accuracy > calmRun.accuracy - 0.03, message);
  assert.ok(lossy.spread < 0.02, message);
});

test("running sums: deaths stop nobody, and the next view takes the dead one's block over", () => {
  const options: SimulationOptions = {
    peers: 6,
    rounds: 90,
    averaging: "running-sums",
    weather: { ...calm, loss: 0.1 },
    deaths: [4, 5].map((peer) => ({ peer, round: 20 })),
    seed: 4,
  };
  const run = simulate({ ...options, noticeMs: 3_000 });
  const never = lastRow(simulate(options).rows);
  const last = lastRow(run.rows);
  assertWithinDeadlines(run);
  assert.ok(last.round >= 90, `reached round ${last.round}`);
  const say = `${last.accuracy}, with blocks that nobody owns ${never.accuracy}`;
  assert.ok(last.accuracy > never.accuracy + 0.1, say);
});

test("reliable averaging loses nothing, and its rounds take longer under loss", () => {
  const options: SimulationOptions = { peers: 4, rounds: 40, weather: { delayMs: 5, loss: 0.1 }, seed: 3 };
  const rps = simulate(options);
  const reliable = simulate({ ...options, averaging: "reliable" });
  assert.deepEqual(reliable.drops, { lost: 0, late: 0, stale: 0, unsent: 0, rejected: 0 });
  assert.ok(rps.drops.lost > 0);
  const message = `${reliable.roundMsP50.toFixed(1)} ms against ${rps.roundMsP50.toFixed(1)} ms`;
  assert.ok(reliable.roundMsP50 > 1.5 * rps.roundMsP50, message);
});
