import assert from "node:assert/strict";
import { test } from "node:test";
import { fade, mutedRounds, offenceLimit, probationRounds } from "../../shared/core/conduct.ts";
import { createLoneMachine } from "./lone-machine.ts";
import type { LoneMachine } from "./lone-machine.ts";

const bad = Uint8Array.of(1, 2, 3);

/** Our round with value 0, in which the seats given send this value; returns what became of our first value. */
function ownRound(lone: LoneMachine, round: number, value: number, seats = [1, 2, 3]): number {
  lone.machine.expect(round);
  for (const seat of seats) lone.wholeRound(seat, value, round);
  lone.machine.begin(round, lone.own(0), lone.now);
  for (const seat of [1, 2, 3]) lone.wholeRound(seat, value, round);
  const result = lone.machine.takeResult();
  assert.ok(result, `round ${round} is over without a wait`);
  return result.values[0] ?? NaN;
}

test("33 packets that make no sense mute a peer: told once, nothing of it is used, nobody waits for it", () => {
  const lone = createLoneMachine();
  for (let i = 0; i < offenceLimit; i++) lone.feed(1, bad);
  assert.equal(lone.machine.takeOffender(), undefined);
  assert.equal(ownRound(lone, 0, 4), 3, "until then all it sends counts");
  for (let i = 0; i < 3; i++) lone.feed(1, bad);
  assert.deepEqual(lone.machine.takeOffender(), { peerId: "peer-1", offence: "malformed" });
  assert.equal(lone.machine.takeOffender(), undefined);
  const { rejected } = lone.countsOf(1).drops;
  assert.ok(Math.abs(ownRound(lone, 1, 3) - 2) < 1e-6, "two others and we");
  assert.ok(lone.countsOf(1).drops.rejected > rejected);
  assert.equal(lone.countsOf(1).conduct.reason, "malformed");
  assert.equal(lone.countsOf(1).conduct.offences.malformed, offenceLimit + 3);
});

test("it is muted in the middle of a round as well", () => {
  const lone = createLoneMachine();
  lone.machine.expect(0);
  lone.machine.begin(0, lone.own(0), 0);
  for (const seat of [2, 3]) lone.wholeRound(seat, 3, 0);
  assert.equal(lone.machine.takeResult(), undefined, "it is waited for");
  for (let i = 0; i <= offenceLimit; i++) lone.feed(1, bad);
  assert.equal(lone.machine.takeResult()?.values[0], 2);
});

test("who is muted for fragments of another view may speak in the next one; nonsense is counted on", () => {
  const lone = createLoneMachine();
  const others = lone.packet(2, { fragment: 0 });
  for (let i = 0; i <= offenceLimit; i++) lone.feed(1, others);
  assert.deepEqual(lone.machine.takeOffender(), { peerId: "peer-1", offence: "notOwed" });
  lone.machine.install({ epoch: 2, fromRound: 0, members: lone.ids });
  assert.equal(lone.countsOf(1).conduct.mutedFor, 0);
  for (let i = 0; i <= offenceLimit; i++) lone.feed(1, lone.packet(2, { fragment: 0, epoch: 2 }));
  for (let i = 0; i <= offenceLimit; i++) lone.feed(1, bad);
  assert.deepEqual(lone.machine.takeOffender(), { peerId: "peer-1", offence: "notOwed" });
  assert.deepEqual(lone.machine.takeOffender(), { peerId: "peer-1", offence: "malformed" });
  lone.machine.install({ epoch: 3, fromRound: 0, members: lone.ids });
  assert.equal(lone.countsOf(1).conduct.mutedFor, mutedRounds);
});

test("nobody washes off what it did with fragments that another view would explain", () => {
  const lone = createLoneMachine();
  const { conduct } = lone.countsOf(1);
  let epoch = 1;
  for (const mutes of [1, 2, 3]) {
    for (let i = 0; i < offenceLimit; i++) lone.feed(1, bad);
    for (let i = 0; i <= offenceLimit; i++) lone.feed(1, lone.packet(2, { fragment: 0, epoch }));
    assert.deepEqual(lone.machine.takeOffender(), { peerId: "peer-1", offence: "notOwed" });
    lone.machine.install({ epoch: ++epoch, fromRound: 0, members: lone.ids });
    assert.equal(conduct.mutedFor, 0, "the view may have been another one");
    lone.feed(1, bad);
    assert.deepEqual(lone.machine.takeOffender(), { peerId: "peer-1", offence: "malformed" });
    assert.equal(conduct.mutedFor, mutedRounds * 2 ** (mutes - 1), "twice as long each time");
    lone.machine.install({ epoch: ++epoch, fromRound: 0, members: lone.ids });
    assert.equal(conduct.mutedFor, mutedRounds * 2 ** (mutes - 1));
    assert.equal(conduct.reason, "malformed");
    while (conduct.mutedFor > 0) fade(conduct);
  }
});

test("points fade: now and then a bad packet mutes nobody", () => {
  const lone = createLoneMachine();
  for (let round = 0; round < 200; round++) {
    lone.feed(1, bad);
    ownRound(lone, round, 1);
  }
  assert.equal(lone.machine.takeOffender(), undefined);
  assert.equal(lone.countsOf(1).conduct.offences.malformed, 200);
});

test("kinds are told apart", () => {
  const lone = createLoneMachine();
  lone.machine.expect(0);
  lone.feed(1, lone.packet(1, { fragment: 0 }, NaN, 1));
  lone.feed(1, lone.packet(1, { fragment: 0 }, 70_000, 1));
  lone.feed(1, lone.packet(1, { fragment: 2 }));
  lone.feed(1, lone.packet(2, { fragment: 0 }));
  lone.feed(1, lone.packet(1, { fragment: 0 }, 1));
  for (let copy = 0; copy < 6; copy++) lone.feed(1, lone.packet(1, { fragment: 0 }, 1, 1));
  const { offences } = lone.countsOf(1).conduct;
  assert.deepEqual(offences, {
    malformed: 1,
    notFinite: 1,
    tooLarge: 1,
    notOwed: 2,
    duplicate: 1,
    owner: 0,
    contribution: 0,
    audit: 0,
  });
  assert.equal(lone.countsOf(1).drops.rejected, 5);
});

test("where others are doubted a newcomer's values count more from round to round, and it is new again after a mute", () => {
  const lone = createLoneMachine(4, { doubtsOthers: true });
  const { conduct } = lone.countsOf(1);
  assert.equal(conduct.cleanRounds, probationRounds, "a member of the first view is nobody's newcomer");
  lone.machine.install({ epoch: 2, fromRound: 3, members: ["me", "late"] });
  const late = lone.machine.counts("late")?.conduct;
  assert.equal(late?.cleanRounds, 0);
  const half = createLoneMachine(4, { doubtsOthers: true });
  for (const seat of [1, 2, 3]) half.countsOf(seat).conduct.cleanRounds = probationRounds / 2;
  assert.equal(ownRound(half, 0, 4), 1.5, "three times half of 4, and 0");
  for (let i = 0; i <= offenceLimit; i++) lone.feed(1, bad);
  assert.deepEqual([conduct.cleanRounds, conduct.mutedFor], [0, mutedRounds]);
});
