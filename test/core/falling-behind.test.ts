/** Jumping, restarting, and what a liar can do with both. */
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { setFlagsFromString } from "node:v8";
import { createPlan } from "../../shared/core/plan.ts";
import { createLoneMachine } from "./lone-machine.ts";

test("a peer is told to jump when a quarter of the members, two at least, are two rounds ahead", () => {
  const lone = createLoneMachine();
  lone.machine.begin(3, lone.own(0), 0);
  lone.scatter(1, 0, 1, 5);
  assert.equal(lone.machine.jumpTo(), undefined, "one is not enough");
  lone.scatter(2, 0, 1, 4);
  assert.equal(lone.machine.jumpTo(), undefined, "one round ahead is not behind");
  lone.scatter(2, 0, 1, 7);
  assert.equal(lone.machine.jumpTo(), 5, "where the second of them is");
  lone.machine.begin(5, lone.own(0), 0, true);
  assert.equal(lone.machine.jumpTo(), undefined, "one of them is two rounds further still");
});

for (const round of [2 ** 31, 4_000_000_000, 0xffff_ffff]) {
  test(`a lone liar in round ${round} makes nobody of a group of four jump`, () => {
    const lone = createLoneMachine();
    lone.machine.begin(0, lone.own(0), 0);
    lone.scatter(1, 0, 1, round); // before anybody else was heard
    assert.equal(lone.machine.jumpTo(), undefined);
    for (const seat of [2, 3]) lone.wholeRound(seat, 1);
    lone.wholeRound(1, 1);
    assert.ok(lone.machine.takeResult());
    assert.equal(lone.machine.jumpTo(), undefined);
  });
}

test("a peer is ahead where nobody that it has a link to, and hears, has been in the round before", () => {
  const lone = createLoneMachine();
  const { machine } = lone;
  machine.begin(5, lone.own(0), 0);
  assert.equal(machine.isAhead(6), false, "nobody has said anything yet");
  for (const seat of [1, 2]) lone.scatter(seat, 0, 1, 4);
  assert.equal(machine.isAhead(6), false, "one may be anywhere");
  lone.scatter(3, 0, 1, 3);
  assert.equal(machine.isAhead(6), true);
  lone.scatter(2, 0, 1, 5);
  assert.equal(machine.isAhead(6), false);
  machine.linkClosed("peer-2", 0);
  assert.equal(machine.isAhead(6), true, "who has gone does not count");
  machine.linkOpened("peer-2");
  assert.equal(machine.isAhead(6), false, "nor is it known where somebody is who has just come");
  for (const id of ["peer-1", "peer-2", "peer-3"]) machine.linkClosed(id, 0);
  assert.equal(machine.isAhead(6), true, "cut off from everybody");
});

test("who only listens is nobody to follow: the one that trains is believed, wherever the listeners are", () => {
  const lone = createLoneMachine(3);
  const { machine } = lone;
  machine.begin(3, lone.own(0), 0, true);
  lone.scatter(1, 0, 1, 12);
  lone.endOf(2, "scatter", 0, 3);
  assert.equal(machine.jumpTo(), undefined, "the other may be about to contribute");
  lone.endOf(2, "gather", 0, 3);
  assert.equal(machine.jumpTo(), 12);
  assert.equal(machine.isLeaderless(3), false);
  lone.endOf(1, "scatter", 0, 13);
  lone.endOf(1, "gather", 0, 13);
  assert.equal(machine.isLeaderless(3), true, "now it listens as well");
  lone.endOf(2, "scatter", 2, 14);
  assert.equal(machine.isLeaderless(3), false);
  machine.install({ epoch: 2, fromRound: 20, members: ["me"] });
  assert.equal(machine.isLeaderless(20), true, "nobody else is left");
});

test("a listener says so to a member whose link opens later, too", () => {
  const { machine, own } = createLoneMachine(3);
  machine.linkClosed("peer-2", 0);
  machine.begin(3, own(0), 0, true);
  while (machine.nextMarker());
  machine.linkOpened("peer-2");
  assert.deepEqual(machine.nextMarker(), {
    to: "peer-2",
    marker: { epoch: 1, round: 3, phase: "scatter", sent: 0 },
  });
});

test("of two peers the one that is behind believes the other", () => {
  const lone = createLoneMachine(2);
  lone.machine.begin(0, lone.own(0), 0);
  lone.scatter(1, 0, 1, 9);
  assert.equal(lone.machine.jumpTo(), 9);
});

test("with links to one living member of four, that one is believed", () => {
  const lone = createLoneMachine();
  lone.machine.linkClosed("peer-2", 0);
  lone.machine.linkClosed("peer-3", 0);
  lone.machine.begin(0, lone.own(0), 0);
  lone.scatter(1, 0, 1, 9);
  assert.equal(lone.machine.jumpTo(), 9);
});

test("listeners and former members say nothing about where the group is", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  for (const seat of [1, 2]) lone.scatter(seat, 0, 1, 8);
  lone.machine.install({ epoch: 2, fromRound: 0, members: ["me", "peer-3"] });
  assert.equal(lone.machine.jumpTo(), undefined);
});

test("a member that only listens in a round says that nothing comes of it, and is not waited for", () => {
  const listener = createLoneMachine();
  listener.machine.begin(3, listener.own(0), 0, true);
  const said = [];
  for (let next = listener.machine.nextMarker(); next; next = listener.machine.nextMarker()) said.push(next);
  const marker = { epoch: 1, round: 3 };
  const phases = [
    { ...marker, phase: "scatter", sent: 0 },
    { ...marker, phase: "gather", sent: 0 },
  ];
  const expected = ["peer-1", "peer-2", "peer-3"].flatMap((to) => phases.map((it) => ({ to, marker: it })));
  assert.deepEqual(said, expected);

  const other = createLoneMachine();
  other.machine.begin(0, other.own(0), 0);
  for (const seat of [1, 2]) other.wholeRound(seat, 1);
  assert.equal(other.machine.takeResult(), undefined);
  other.endOf(3, "scatter", 0);
  other.endOf(3, "gather", 0);
  assert.deepEqual(other.machine.takeResult()?.missed, []);

  const stranger = createLoneMachine();
  stranger.machine.install({ epoch: 2, fromRound: 0, members: ["peer-1", "peer-2"] });
  stranger.machine.begin(3, stranger.own(0), 0, true);
  assert.equal(stranger.machine.nextMarker(), undefined);
});

test("a training that starts again from round 0 does not meet its old rounds", () => {
  const lone = createLoneMachine();
  for (const round of [0, 1, 2]) {
    lone.machine.begin(round, lone.own(0), 0);
    for (const seat of [1, 2, 3]) lone.wholeRound(seat, 1, round);
    assert.ok(lone.machine.takeResult());
  }
  lone.machine.install({ epoch: 2, fromRound: 0, members: [] });
  lone.machine.install({ epoch: 3, fromRound: 0, members: ["me"] });
  for (const round of [0, 1, 2, 3]) {
    lone.machine.expect(round);
    lone.machine.begin(round, lone.own(round), 0);
    const result = lone.machine.takeResult();
    assert.equal(result?.epoch, 3);
    assert.deepEqual(result.values, lone.own(round));
  }
});

test("wrong use throws: no view yet, no member, begun before", () => {
  const lone = createLoneMachine();
  lone.machine.install({ epoch: 2, fromRound: 10, members: ["peer-1"] });
  lone.machine.begin(9, lone.own(0), 0);
  assert.throws(() => lone.machine.begin(9, lone.own(0), 0), /round 9: begun before/);
  assert.throws(() => lone.machine.begin(10, lone.own(0), 0), /round 10: not a member of view 2/);
  lone.machine.install({ epoch: 3, fromRound: 10, members: [] });
  assert.throws(() => lone.machine.begin(10, lone.own(0), 0, true), /round 10: no view holds yet/);
});

test("a machine holds three rounds at most, wherever packets and jumps lead it", async () => {
  setFlagsFromString("--expose-gc");
  const collect: unknown = vm.runInNewContext("gc");
  assert.ok(typeof collect === "function");
  const plans: WeakRef<object>[] = [];
  const lone = createLoneMachine(4, {
    offenceLimit: Infinity,
    planFor(input) {
      const plan = createPlan(input);
      plans.push(new WeakRef(plan));
      return plan;
    },
  });
  let round = 0;
  for (let step = 0; step < 60; step++) {
    for (let ahead = -2; ahead <= 4; ahead++) {
      for (const seat of [1, 2, 3]) {
        for (let fragment = 0; fragment < 8; fragment++)
          lone.scatter(seat, fragment, 1, Math.max(0, round + ahead));
        lone.endOf(seat, "gather", 0, Math.max(0, round + ahead));
      }
    }
    lone.machine.begin(round, lone.own(0), 0, step % 3 === 0);
    round += step % 4 === 3 ? 40 : 1;
    lone.machine.expect(round);
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef lives until its job ends
    collect();
    const held = plans.filter((plan) => plan.deref() !== undefined).length;
    assert.ok(held <= 3, `${held} rounds held at step ${step}`);
  }
  assert.ok(plans.length > 60);
});
