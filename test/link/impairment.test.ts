import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createImpairment, noFaults } from "../../shared/net/impairment.ts";
import type { Faults } from "../../shared/net/impairment.ts";

/** What becomes of `count` packets of 1,000 bytes, one each millisecond. */
function fates(faults: Partial<Faults>, count = 50_000, seed = 5): (readonly number[])[] {
  const impairment = createImpairment(() => ({ ...noFaults, ...faults }), createRng(seed));
  return Array.from({ length: count }, (_, ms) => impairment(ms, 1_000));
}

const lostShare = (all: (readonly number[])[]) =>
  all.filter((copies) => copies.length === 0).length / all.length;

test("without faults every packet arrives once, at once", () => {
  assert.deepEqual(
    fates({}, 100),
    Array.from({ length: 100 }, () => [0]),
  );
});

test("the same seed loses the same packets", () => {
  assert.deepEqual(fates({ loss: 0.3 }, 1_000), fates({ loss: 0.3 }, 1_000));
  assert.notDeepEqual(fates({ loss: 0.3 }, 1_000), fates({ loss: 0.3 }, 1_000, 6));
});

test("bursts lose the same share, several packets in a row", () => {
  for (const burstPackets of [0, 5, 50]) {
    const all = fates({ loss: 0.1, burstPackets }, 400_000);
    assert.ok(Math.abs(lostShare(all) - 0.1) < 0.015, `${lostShare(all)} lost`);
    const starts = all.filter((copies, i) => copies.length === 0 && all[i - 1]?.length !== 0).length;
    const mean = (lostShare(all) * all.length) / starts;
    const expected = burstPackets || 1 / 0.9;
    assert.ok(Math.abs(mean / expected - 1) < 0.1, `bursts of ${mean}, not ${expected}`);
  }
});

test("jitter stretches without reordering; reordering holds some back; duplicates come twice", () => {
  const arrivals = (faults: Partial<Faults>) => fates(faults, 5_000).map(([delayMs = 0], ms) => ms + delayMs);
  const overtaken = (times: number[]) => times.filter((time, i) => time > (times[i + 1] ?? Infinity)).length;
  const jittery = arrivals({ delayMs: 20, jitterMs: 30 });
  assert.equal(overtaken(jittery), 0);
  assert.ok(jittery.every((time, ms) => time - ms >= 20 && time - ms <= 51));
  const held = overtaken(arrivals({ reorder: 0.1 }));
  assert.ok(held > 300 && held < 700, `${held} of 5,000 overtaken`);
  const doubled = fates({ duplicate: 0.5 }).filter((copies) => copies.length === 2).length / 50_000;
  assert.ok(Math.abs(doubled - 0.5) < 0.01);
});

test("a bottleneck lets its rate through and loses what its queue cannot hold", () => {
  const all = fates({ rateBytesPerSecond: 250_000 });
  assert.ok(Math.abs(lostShare(all) - 0.75) < 0.01, `${lostShare(all)} lost`);
  assert.ok(Math.max(...all.flat()) <= 210);
});

test("in a blackout nothing arrives", () => {
  assert.equal(lostShare(fates({ blackout: true }, 100)), 1);
});
