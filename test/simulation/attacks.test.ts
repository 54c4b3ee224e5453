/** A quick part of bench/attacks.ts: the same peers and lies, fewer of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { robustOf } from "../../shared/core/robust-setting.ts";
import { attack } from "../../shared/simulation/attack.ts";
import type { Lie } from "../../shared/simulation/liars.ts";

const robust = robustOf("centered-clip");
const base = { peers: 16, rounds: 70, loss: 0.01, seed: 1 };

test("16 peers, some lie: the model is as good as without them", () => {
  const clean = attack(base);
  const bars: readonly (readonly [Lie | undefined, number, number])[] = [
    // So few rounds end before the models are done; the bench has whole trainings.
    [undefined, 0, 1 - 0.015 / clean.accuracy],
    ["noisy-owner", 1, 0.97],
    ["sign-flip-owner", 5, 0.9],
  ];
  for (const [lie, liars, bar] of bars) {
    const { accuracy, mutedHonest, muted } = attack({ ...base, robust, liars, ...(lie && { lie }) });
    assert.ok(accuracy >= bar * clean.accuracy, `${lie}: ${accuracy}, clean ${clean.accuracy}`);
    assert.equal(mutedHonest, 0, `${lie}: an honest one was muted`);
    assert.equal(muted, liars > 0 ? base.peers - liars : 0, `${lie}: every honest one muted a liar`);
  }
});

test("one of eight learns ten times as much as each other: nobody honest is muted, and a liar beside it is", () => {
  const room = { ...base, peers: 8, rounds: 100, robust, fast: 1 };
  assert.equal(attack(room).mutedHonest, 0);
  const { muted, mutedHonest } = attack({ ...room, rounds: 60, liars: 1, lie: "sign-flip" });
  assert.deepEqual({ muted, mutedHonest }, { muted: 7, mutedHonest: 0 });
});

test("without a robust rule ten times the wrong way by one of 16 ends all learning", () => {
  const { accuracy } = attack({ ...base, rounds: 30, liars: 1, lie: "sign-flip-owner" });
  assert.ok(accuracy < 0.4, `${accuracy}`);
});
