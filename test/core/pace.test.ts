import assert from "node:assert/strict";
import { test } from "node:test";
import { createPace } from "../../shared/core/pace.ts";

const msPerSample = 10;
const nominal = 100;

/** A peer whose lag is what it took longer than the others; how many samples it settles at. */
function settle(othersMs: number, rounds = 200): number[] {
  const pace = createPace({ samplesPerRound: nominal });
  return Array.from({ length: rounds }, () => {
    const { samples } = pace;
    const trainMs = samples * msPerSample;
    pace.update({ trainMs, samples, lagMs: trainMs - othersMs });
    return pace.samples;
  });
}

test("a peer ten times slower settles at about a tenth of the work, and is in time", () => {
  const samples = settle(100);
  const settled = samples.slice(-50);
  assert.ok(Math.max(...settled) <= 14 && Math.min(...settled) >= 7, settled.join());
});

test("a peer that keeps up does the task's amount, never more", () => {
  for (const othersMs of [1_000, 5_000]) assert.ok(settle(othersMs).every((count) => count === nominal));
});

test("a share is of the task's amount, holds at once, both ways, and is one sample at least", () => {
  const pace = createPace({ samplesPerRound: nominal });
  const run = () => {
    for (let i = 0; i < 50; i++) pace.update({ trainMs: 100, samples: pace.samples, lagMs: -500 });
    return pace.samples;
  };
  const seen = [0.25, 1, 0, 7].map((share) => {
    pace.setShare(share);
    return [pace.samples, run()];
  });
  assert.deepEqual(seen, [
    [25, 25],
    [100, 100],
    [1, 1],
    [100, 100],
  ]);
});

test("a peer that becomes fast again returns to the task's amount", () => {
  const pace = createPace({ samplesPerRound: nominal });
  const run = (rounds: number, othersMs: number) => {
    for (let i = 0; i < rounds; i++) {
      const trainMs = pace.samples * msPerSample;
      pace.update({ trainMs, samples: pace.samples, lagMs: trainMs - othersMs });
    }
    return pace.samples;
  };
  assert.ok(run(100, 100) < 15);
  assert.equal(run(300, 1_000), nominal);
});

test("a lag that nobody knows, nothing learned and no time taken change little and break nothing", () => {
  const pace = createPace({ samplesPerRound: nominal });
  for (let i = 0; i < 20; i++) pace.update({ trainMs: 0, samples: 0, lagMs: undefined });
  assert.equal(pace.samples, nominal);
  for (let i = 0; i < 20; i++) pace.update({ trainMs: 1_000, samples: 100, lagMs: 1e9 });
  assert.equal(pace.samples, 1, "never less than one sample");
});

test("work by the clock follows the speed that was measured", () => {
  const pace = createPace({ secondsPerRound: 2 });
  assert.equal(pace.samples, 1);
  for (let i = 0; i < 200; i++)
    pace.update({ trainMs: pace.samples * msPerSample, samples: pace.samples, lagMs: 0 });
  assert.equal(pace.samples, 200);
});
