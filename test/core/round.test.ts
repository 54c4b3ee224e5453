/** A group of round machines, whole rounds over a simulated network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlan } from "../../shared/core/plan.ts";
import { fromFloat16, toFloat16 } from "./one-half.ts";
import { createRng } from "../../shared/core/rng.ts";
import { packetKinds } from "../../shared/core/packet.ts";
import type { RoundResult } from "../../shared/core/round.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import { spread } from "../../shared/simulation/moments.ts";
import { headerOf, randomVectors } from "./exchange.ts";
import { createLoneMachine } from "./lone-machine.ts";
import type { LoneMachine } from "./lone-machine.ts";

const shape = { valuesPerFragment: 4, valueCount: 240 } as const;
const fragments = shape.valueCount / shape.valuesPerFragment;

test("f16 without loss: all replicas are equal to the bit, and halves of the mean", () => {
  const members = 5;
  const vectors = randomVectors(members, shape.valueCount, 1);
  const group = createGroup({ members, seed: 1, ...shape, encoding: "f16" });
  const [first, ...others] = group.average(0, vectors).map((result) => result.values);
  assert.ok(first);
  for (const values of others) assert.deepEqual(values, first);
  const { mean } = spread(vectors);
  for (const [i, value] of first.entries()) {
    assert.equal(fromFloat16(toFloat16(value, createRng(1))), value, "already a half");
    assert.ok(Math.abs(value - (mean[i] ?? NaN)) < 0.004, `${value} for ${mean[i]}`);
  }
});

test("alone, a peer keeps its own values and waits for nobody", () => {
  const [own] = randomVectors(1, shape.valueCount, 1);
  assert.ok(own);
  const [result] = createGroup({ members: 1, seed: 1, ...shape }).average(0, [own]);
  assert.deepEqual(result?.values, own);
  assert.equal(result.roundMs, 0);
  assert.equal(result.lagMs, undefined);
});

test("with fewer fragments than members it is the same mean", () => {
  const members = 7;
  for (const valueCount of [1, 9, 12]) {
    const vectors = randomVectors(members, valueCount, 2);
    const { mean } = spread(vectors);
    const group = createGroup({ members, seed: 2, valueCount, valuesPerFragment: 4 });
    for (let round = 0; round < 5; round++) {
      for (const result of group.average(round, vectors)) {
        assert.ok(result.roundMs < 10, `${result.roundMs} ms`);
        for (const [i, value] of result.values.entries())
          assert.ok(Math.abs(value - (mean[i] ?? NaN)) < 1e-6);
      }
    }
  }
});

/** Runs rounds among the seats, the last of which dies in round 3 between its scatters and its gathers. */
function runWithDeath(members: number, rounds: number, noticeMs?: number) {
  const vectors = randomVectors(members, shape.valueCount, 3);
  const group = createGroup({ members, seed: 3, ...shape });
  const living = group.ids.map((_, seat) => seat).slice(0, -1);
  const dead = members - 1;
  for (let round = 0; round < 3; round++) group.average(round, vectors);
  const results: RoundResult[][] = [];
  for (let round = 3; round < rounds; round++) {
    if (round === 3) {
      group.begin(dead, round, vectors[dead] ?? new Float32Array(0));
      group.network.kill(group.ids[dead] ?? "", noticeMs);
    }
    results.push(group.average(round, vectors, living));
  }
  return { results, vectors, dead, living, group };
}

test("a peer that dies between scatter and gather costs its block of one round, and one deadline at most", () => {
  const members = 6;
  const { results, vectors, dead, living } = runWithDeath(members, 8);
  const plan = createPlan({ seed: 3, epoch: 1, round: 3, members, fragmentCount: fragments });
  const block = plan.blockOf(dead);
  for (const [i, result] of (results[0] ?? []).entries()) {
    assert.ok(result.roundMs <= result.deadlineMs, `${result.roundMs} of ${result.deadlineMs} ms`);
    assert.deepEqual(result.missed, [`peer-${dead}`]);
    for (let fragment = 0; fragment < fragments; fragment++) {
      const isDead = fragment >= block.first && fragment < block.end;
      assert.equal(result.averaged[fragment], isDead ? 0 : 1);
    }
    const at = block.first * shape.valuesPerFragment;
    const end = block.end * shape.valuesPerFragment;
    assert.deepEqual(result.values.subarray(at, end), vectors[living[i] ?? 0]?.subarray(at, end));
  }
});

test("nobody waits for the dead in the rounds that follow", () => {
  for (const members of [3, 4, 8]) {
    const { results } = runWithDeath(members, 14);
    for (const after of results.slice(2).flat()) {
      assert.ok(after.roundMs < 50, `${members} members: ${after.roundMs} ms in round ${after.round}`);
      assert.deepEqual(after.missed, []);
    }
  }
});

test("who misses the others one after the other goes on waiting for most of them", () => {
  const lone = createLoneMachine();
  const { machine } = lone;
  for (let round = 0; round < 8; round++) {
    machine.begin(round, lone.own(round), lone.now);
    const isAwaited = machine.takeResult() === undefined;
    if (round >= 3) assert.ok(isAwaited, `round ${round} is over before anybody can have answered`);
    // The first to be missed is peer-1, then peer-2 is as well, and then all three are.
    for (let seat = round + 2; seat <= 3; seat++) lone.wholeRound(seat, 1, round);
    while (machine.wakeAt() < Infinity) machine.tick((lone.now = machine.wakeAt()));
  }
});

test("who has one link that is left of three goes on waiting for what comes over it", () => {
  const lone = createLoneMachine();
  const { machine } = lone;
  for (const gone of ["peer-2", "peer-3"]) machine.linkClosed(gone, lone.now);
  for (let round = 0; round < 40; round++) {
    machine.begin(round, lone.own(round), lone.now);
    assert.equal(machine.takeResult(), undefined, `round ${round} is over before anybody can have answered`);
    // Slow round after round, and for some of them not there at all.
    lone.now += 200;
    machine.tick(lone.now);
    if (round < 20 || round > 24) lone.wholeRound(1, 1, round);
    while (machine.wakeAt() < Infinity) machine.tick((lone.now = machine.wakeAt()));
  }
});

/** Rounds from `first` on in which only these seats are in time: how long each takes us. */
function roundsWith(lone: LoneMachine, first: number, count: number, inTime: readonly number[]): number[] {
  return Array.from({ length: count }, (_, i) => {
    const startedAt = lone.now;
    lone.machine.begin(first + i, lone.own(0), lone.now);
    for (const seat of inTime) lone.wholeRound(seat, 1, first + i);
    while (lone.machine.wakeAt() < Infinity && lone.machine.takeResult() === undefined)
      lone.machine.tick((lone.now = lone.machine.wakeAt()));
    return lone.now - startedAt;
  });
}

test("when those who kept up have left, the slow ones that are still there are waited for again", () => {
  for (const [members, slow] of [
    [3, [1]],
    [10, [1, 2, 3]],
  ] as const) {
    const lone = createLoneMachine(members);
    const quick = lone.ids.flatMap((_, seat) => (seat > slow.length ? seat : []));
    roundsWith(lone, 0, 8, quick);
    assert.equal(roundsWith(lone, 8, 1, quick)[0], 0, "the slow ones have been given up");
    lone.machine.install({ epoch: 2, fromRound: 9, members: ["me", ...slow.map((seat) => `peer-${seat}`)] });
    const after = roundsWith(lone, 9, 20, []);
    assert.ok(
      after.every((ms) => ms > 0),
      `${members} members: ${after.join(" ")}`,
    );
  }
});

test("where many fall silent, at once or not, rounds wait a grace for them and not a deadline", () => {
  for (const steps of [[[5, 6, 7]], [[6, 7], [5]], [[7], [6], [5]]]) {
    const lone = createLoneMachine(8);
    let living = [1, 2, 3, 4, 5, 6, 7];
    let round = 0;
    for (const silent of steps) {
      living = living.filter((seat) => !silent.includes(seat));
      roundsWith(lone, round, 6, living);
      round += 6;
    }
    const [after] = roundsWith(lone, round, 1, living);
    assert.ok(after !== undefined && after <= 1_000, `${JSON.stringify(steps)}: ${after} ms`);
  }
});

test("of two, the one that is left waits for its deadline until its link closes", () => {
  const { results } = runWithDeath(2, 6, 500);
  const first = results[0]?.[0];
  assert.ok(first && first.roundMs <= 502, "the closed link ends the round");
  for (const after of results.slice(1).flat()) assert.equal(after.roundMs, 0);
});

test("a link that closes ends the wait at once", () => {
  const { results } = runWithDeath(6, 5, 40);
  for (const result of results[0] ?? []) assert.ok(result.roundMs <= 42, `${result.roundMs} ms`);
});

test("a slow one is waited for once, not twice, and again after two rounds in time", () => {
  const members = 5;
  const slow = members - 1;
  const vectors = randomVectors(members, shape.valueCount, 4);
  const group = createGroup({ members, seed: 4, ...shape });
  const quick = [0, 1, 2, 3];
  const roundMs: number[] = [];
  for (let round = 0; round < 12; round++) {
    const isLate = round === 3 || round === 4 || round === 5;
    const start = group.time.now();
    for (const seat of quick) group.begin(seat, round, vectors[seat] ?? new Float32Array(0));
    if (!isLate) group.begin(slow, round, vectors[slow] ?? new Float32Array(0));
    const results = group.finished(quick);
    roundMs.push(Math.max(...results.map((result) => result.roundMs)));
    if (isLate) {
      const until = start + 5_000;
      group.time.after(5_000, () => undefined);
      group.time.runUntil(() => group.time.now() >= until);
      group.begin(slow, round, vectors[slow] ?? new Float32Array(0));
    }
    group.finished([slow]);
  }
  assert.ok((roundMs[3] ?? 0) >= 100, `round 3 waits its grace: ${roundMs.join(" ")}`);
  assert.ok((roundMs[4] ?? Infinity) < 50, `round 4 does not wait: ${roundMs.join(" ")}`);
  assert.ok((roundMs[5] ?? Infinity) < 50, `nor does round 5: ${roundMs.join(" ")}`);

  // In time since round 6: from round 10 on its absence is noticed again.
  for (const seat of quick) group.begin(seat, 12, vectors[seat] ?? new Float32Array(0));
  const again = group.finished(quick);
  for (const result of again) assert.deepEqual(result.missed, [`peer-${slow}`]);
});

test("a peer that nobody waits for still counts when it comes in time", () => {
  const members = 4;
  const vectors = randomVectors(members, shape.valueCount, 3);
  const group = createGroup({ members, seed: 3, ...shape });
  for (const round of [0, 1]) group.average(round, vectors, [0, 1, 2]);
  group.begin(3, 2, vectors[3] ?? new Float32Array(0));
  group.drain();
  const { mean } = spread(vectors);
  const block = createPlan({ seed: 3, epoch: 1, round: 2, members, fragmentCount: fragments }).blockOf(3);
  for (const result of group.average(2, vectors, [0, 1, 2])) {
    assert.ok(result.roundMs < 10, "and nobody waited");
    for (let i = 0; i < shape.valueCount; i++) {
      const fragment = Math.floor(i / shape.valuesPerFragment);
      if (fragment >= block.first && fragment < block.end) continue;
      assert.ok(Math.abs((result.values[i] ?? NaN) - (mean[i] ?? 0)) < 1e-6);
    }
  }
});

test("nothing is ever sent twice, and nothing to oneself", () => {
  const members = 5;
  const seen = new Set<string>();
  let scatters = 0;
  const group = createGroup({
    members,
    seed: 5,
    ...shape,
    weather: { loss: 0.3, jitterMs: 3, duplicate: 0.2 },
    onSend(from, to, bytes) {
      const { kind, epoch, round, fragment } = headerOf(bytes);
      const key = [from, to, kind, epoch, round, fragment].join();
      assert.ok(!seen.has(key), `${key} is sent twice`);
      assert.notEqual(from, to);
      seen.add(key);
      if (kind === packetKinds.scatter) scatters += 1;
    },
  });
  const rounds = 60;
  for (let round = 0; round < rounds; round++)
    group.average(round, randomVectors(members, shape.valueCount, round));
  group.drain();
  assert.ok(scatters <= rounds * fragments * (members - 1), `${scatters} scatters`);
  assert.ok(seen.size <= 2 * rounds * fragments * (members - 1));
  assert.ok(seen.size > 1.9 * rounds * fragments * (members - 1));
});

test("what is behind a closed and reopened link is not sent again either", () => {
  const members = 3;
  const seen = new Set<string>();
  const group = createGroup({
    members,
    seed: 6,
    ...shape,
    onSend(from, to, bytes) {
      const { kind, round, fragment } = headerOf(bytes);
      const key = [from, to, kind, round, fragment].join();
      assert.ok(!seen.has(key), `${key} is sent twice`);
      seen.add(key);
    },
  });
  const vectors = randomVectors(members, shape.valueCount, 6);
  for (let round = 0; round < 10; round++) {
    for (const seat of [0, 1, 2]) group.begin(seat, round, vectors[seat] ?? new Float32Array(0));
    if (round % 3 === 1) {
      group.machines[0]?.linkClosed("peer-1", group.time.now());
      group.machines[0]?.linkOpened("peer-1");
      group.network.settle("peer-0");
    }
    for (const result of group.finished([0, 1, 2])) assert.ok(result.roundMs <= result.deadlineMs);
  }
});

test("a view takes effect in its round for all, and only then", () => {
  const epochs = new Map<number, Set<number>>();
  const senders = new Map<number, Set<string>>();
  const members = 4;
  const group = createGroup({
    members,
    seed: 7,
    ...shape,
    onSend(from, _to, bytes) {
      const { epoch, round } = headerOf(bytes);
      epochs.set(round, (epochs.get(round) ?? new Set()).add(epoch));
      senders.set(round, (senders.get(round) ?? new Set()).add(from));
    },
  });
  const vectors = randomVectors(members, shape.valueCount, 7);
  const stay = ["peer-2", "peer-0", "peer-1"];
  for (let round = 0; round < 8; round++) {
    // Heard at different times, always before it begins.
    const hearsNow = group.machines[round];
    hearsNow?.install({ epoch: 2, fromRound: 5, members: stay });
    const seats = round < 5 ? [0, 1, 2, 3] : [0, 1, 2];
    for (const result of group.average(round, vectors, seats)) {
      assert.equal(result.epoch, round < 5 ? 1 : 2);
      assert.equal(result.averagedCount, fragments);
      assert.ok(result.roundMs < 10);
    }
  }
  for (let round = 0; round < 8; round++) {
    assert.deepEqual([...(epochs.get(round) ?? [])], [round < 5 ? 1 : 2]);
    assert.equal(senders.get(round)?.size, round < 5 ? 4 : 3);
  }
  assert.equal(group.machines[3]?.viewFor(5)?.members.includes("peer-3"), false);
});

test("a listener completes its replica from gathers and costs the members nothing but those", () => {
  const members = 4;
  const listener = 3;
  const toListener: number[] = [];
  let fromListener = 0;
  const group = createGroup({
    members,
    seed: 8,
    ...shape,
    weather: { loss: 0.2 },
    onSend(from, to, bytes) {
      if (from === `peer-${listener}`) fromListener += 1;
      if (to === `peer-${listener}`) toListener.push(headerOf(bytes).kind);
    },
  });
  const view = { epoch: 2, fromRound: 0, members: ["peer-0", "peer-1", "peer-2"] };
  for (const machine of group.machines) machine.install(view);
  for (const machine of group.machines.slice(0, 3)) assert.ok(machine.setListening("peer-3", true));
  const vectors = randomVectors(members, shape.valueCount, 8);
  let replica = new Float32Array(shape.valueCount);
  const missing = new Uint8Array(fragments).fill(1);
  let left = fragments;
  let rounds = 0;
  for (; left > 0 && rounds < 12; rounds++) {
    group.begin(listener, rounds, replica, true);
    const results = group.average(rounds, vectors, [0, 1, 2]);
    for (const result of results) assert.ok(result.roundMs < 60, `members do not wait: ${result.roundMs} ms`);
    const [heard] = group.finished([listener]);
    assert.ok(heard);
    replica = Float32Array.from(heard.values);
    for (let i = 0; i < fragments; i++) if (heard.averaged[i] === 1) missing[i] = 0;
    left = missing.reduce((sum, one) => sum + one, 0);
    group.drain();
  }
  assert.equal(left, 0);
  assert.ok(rounds >= 2 && rounds <= 6, `after k gathers p^k is missing: ${rounds} rounds at 20 % loss`);
  assert.equal(fromListener, 0);
  assert.ok(toListener.every((kind) => kind === packetKinds.gather));
  const { mean } = spread(vectors.slice(0, 3));
  const near = replica.filter((value, i) => Math.abs(value - (mean[i] ?? NaN)) < 0.9).length;
  assert.ok(near > 0.8 * replica.length, "what it holds are averages");
});

test("more listeners than a peer can afford are refused, and one that goes makes room", () => {
  const group = createGroup({ members: 2, seed: 9, ...shape });
  const [machine] = group.machines;
  assert.ok(machine);
  for (let i = 0; i < 8; i++) assert.equal(machine.setListening(`guest-${i}`, true), true);
  assert.equal(machine.setListening("guest-8", true), false);
  assert.equal(machine.setListening("guest-7", true), true, "asking again is no second one");
  assert.equal(machine.setListening("guest-3", false), true);
  assert.equal(machine.setListening("guest-8", true), true);
});

test("a member far behind jumps, listens, and is up to date with its next round", () => {
  const members = 4;
  const vectors = randomVectors(members, shape.valueCount, 10);
  const group = createGroup({ members, seed: 10, ...shape });
  group.average(0, vectors);
  group.machines[3]?.expect(1);
  for (let round = 1; round < 6; round++) {
    group.average(round, vectors, [0, 1, 2]);
    group.drain();
  }
  const newest = group.machines[3]?.jumpTo();
  assert.equal(newest, 5);
  group.begin(3, 6, vectors[3] ?? new Float32Array(0), true);
  const [one] = group.average(6, vectors, [0, 1, 2]);
  const [caughtUp] = group.finished([3]);
  assert.ok(one && caughtUp);
  const plan = createPlan({ seed: 10, epoch: 1, round: 6, members, fragmentCount: fragments });
  for (let fragment = 0; fragment < fragments; fragment++) {
    assert.equal(caughtUp.averaged[fragment], plan.ownerOf(fragment) === 3 ? 0 : 1);
  }
  const [, , , back] = group.average(7, vectors);
  assert.equal(back?.averagedCount, fragments);
});

test("a round never takes longer than its deadline, whatever the weather", () => {
  const members = 6;
  for (const weather of [
    { loss: 0.9 },
    { loss: 0.5, meanBurst: 50, jitterMs: 30 },
    { loss: 0.1, delayMs: 1_500 },
    { loss: 1 },
  ]) {
    const group = createGroup({ members, seed: 11, ...shape, weather });
    const vectors = randomVectors(members, shape.valueCount, 11);
    for (let round = 0; round < 15; round++) {
      for (const result of group.average(round, vectors)) {
        assert.ok(result.roundMs <= result.deadlineMs + 1e-6, `${result.roundMs} of ${result.deadlineMs} ms`);
      }
    }
  }
});

test("what a round was made of is in none that follows, though it is made in the same memory", () => {
  const group = createGroup({ members: 5, seed: 12, ...shape, weather: { loss: 0.3 } });
  const vectors = (value: number) => group.ids.map(() => new Float32Array(shape.valueCount).fill(value));
  for (let round = 0; round < 8; round++) {
    // Whatever is missing keeps what the peer had: an average of equal values is that value.
    for (const { values } of group.average(round, vectors(round % 2 === 0 ? 1e30 : 1)))
      assert.ok(
        values.every((value) => value === Math.fround(round % 2 === 0 ? 1e30 : 1)),
        `round ${round}`,
      );
  }
});
