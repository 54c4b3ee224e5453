/**
 * What sums promise and means can't: whatever is learned counts once, with weight 1/n, however often the
 * packet that says so is lost. And what they cost where a view ends.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Contributions, FlatArray } from "../../shared/core/averaging/rule.ts";
import { runningSums } from "../../shared/core/averaging/running-sums.ts";
import { createRng } from "../../shared/core/rng.ts";
import { createExchange } from "../../shared/simulation/exchange.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import type { GroupOptions } from "../../shared/simulation/group.ts";
import { randomVectors } from "../core/exchange.ts";

const valuesPerFragment = 4;
const fragments = 24;
const valueCount = fragments * valuesPerFragment;
const shape = { valueCount, valuesPerFragment, averaging: "running-sums" } as const;

/** A group whose peers learn what the test says, and an account of all that was learned. */
function learners(options: Omit<GroupOptions, "valueCount">) {
  const group = createGroup({ ...shape, ...options });
  const start = randomVectors(1, valueCount, 1)[0] ?? new Float32Array(valueCount);
  const replicas = group.ids.map((): Float32Array => start.slice());
  const due = Float64Array.from(start);
  function step(round: number, updates: readonly Float32Array[], seats = [...replicas.keys()]): void {
    for (const seat of seats) {
      const before = replicas[seat] ?? start;
      const update = updates[seat] ?? new Float32Array(valueCount);
      const after = before.map((value, i) => value + (update[i] ?? 0));
      const members = group.machines[seat]?.viewFor(round)?.members.length ?? NaN;
      for (let i = 0; i < valueCount; i++)
        due[i] = (due[i] ?? 0) + ((after[i] ?? 0) - (before[i] ?? 0)) / members;
      group.learned(seat, round, before, after);
    }
    for (const [at, { values, averaged }] of group.finished(seats).entries()) {
      const seat = seats[at] ?? -1;
      replicas[seat] = group.rules[seat]?.incoming(replicas[seat] ?? start, values, averaged) ?? values;
    }
    group.drain();
  }
  /** Rounds in which nobody learns: what was lost arrives. */
  function settle(from: number, rounds: number, seats?: readonly number[]): void {
    for (let round = from; round < from + rounds; round++) step(round, [], seats ? [...seats] : undefined);
  }
  return { group, replicas, due, step, settle };
}

const updatesOf = (members: number, round: number) =>
  randomVectors(members, valueCount, 1_000 + round).map((vector) => vector.map((value) => value * 0.01));

function assertNear(replica: Float32Array | undefined, due: Float64Array, tolerance = 2e-6): void {
  for (const [i, value] of due.entries())
    assert.ok(
      Math.abs((replica?.[i] ?? NaN) - value) < tolerance,
      `value ${i}: ${replica?.[i]} for ${value}`,
    );
}

function assertSame(replicas: readonly Float32Array[]): void {
  for (const replica of replicas) assert.deepEqual(replica, replicas[0]);
}

test("without loss every replica is z0 plus the mean of all sums, after each round", () => {
  const run = learners({ members: 5, seed: 1 });
  for (let round = 0; round < 6; round++) {
    run.step(round, updatesOf(5, round));
    for (const replica of run.replicas) assertNear(replica, run.due);
    assertSame(run.replicas);
  }
});

for (const [name, weather] of [
  ["40 % loss", { loss: 0.4 }],
  ["bursts at 30 %", { loss: 0.3, meanBurst: 8 }],
] as const) {
  test(`mass is conserved: after ${name}, once everything has arrived, nothing is missing and nothing is double`, () => {
    const run = learners({ members: 6, seed: 2, weather });
    for (let round = 0; round < 30; round++) run.step(round, updatesOf(6, round));
    run.settle(30, 60);
    for (const replica of run.replicas) assertNear(replica, run.due);
    assertSame(run.replicas);
  });
}

test("at 40 % loss the mean of the replicas strays far less than with rps", () => {
  const members = 8;
  const rounds = 40;
  const strayed = (averaging: "rps" | "running-sums") => {
    const run = learners({ members, seed: 3, averaging, weather: { loss: 0.4 } });
    let error = 0;
    for (let round = 0; round < rounds; round++) run.step(round, updatesOf(members, round));
    run.settle(rounds, 40);
    for (let i = 0; i < valueCount; i++) {
      const mean = run.replicas.reduce((sum, replica) => sum + (replica[i] ?? 0) / members, 0);
      error += (mean - (run.due[i] ?? 0)) ** 2;
    }
    return error;
  };
  const [rps, sums] = [strayed("rps"), strayed("running-sums")];
  assert.ok(sums < 1e-6 * rps, `${sums} against ${rps}`);
});

test("reordering and duplication give the bit-identical result", () => {
  const run = (weather: GroupOptions["weather"]) => {
    const learning = learners({ members: 4, seed: 4, ...(weather ? { weather } : {}) });
    for (let round = 0; round < 12; round++) learning.step(round, updatesOf(4, round));
    return learning.replicas;
  };
  assert.deepEqual(run({ delayMs: 1, jitterMs: 3, duplicate: 0.5 }), run(undefined));
});

test("owners stay for a view, and each seat has one block", () => {
  const owners = new Map<number, Set<number>>();
  const group = createGroup({
    ...shape,
    members: 4,
    seed: 5,
    onSend: (_from, _to, bytes) => {
      const fields = new DataView(bytes.buffer, bytes.byteOffset);
      if (bytes[1] !== 2) return;
      const fragment = fields.getUint32(12, true);
      owners.set(fragment, (owners.get(fragment) ?? new Set()).add(fields.getUint16(16, true)));
    },
  });
  const vector = new Float32Array(valueCount);
  for (let round = 0; round < 5; round++) {
    for (const seat of group.ids.keys()) group.learned(seat, round, vector, vector);
    group.finished([...group.ids.keys()]);
  }
  assert.deepEqual(
    [...owners.values()].map((seats) => seats.size),
    Array(fragments).fill(1),
  );
  assert.equal(new Set([...owners.values()].flatMap((seats) => [...seats])).size, 4);
});

test("without loss, members who leave and come back lose nothing and count nothing twice", () => {
  const members = 4;
  const run = learners({ members, seed: 6 });
  const { group, replicas } = run;
  const views = [
    { epoch: 2, fromRound: 5, members: ["peer-2", "peer-0", "peer-1"] },
    { epoch: 3, fromRound: 10, members: ["peer-2", "peer-0", "peer-1", "peer-3"] },
  ];
  for (const machine of group.machines) for (const view of views) machine.install(view);
  for (let round = 0; round < 5; round++) run.step(round, updatesOf(members, round));
  for (let round = 5; round < 10; round++) run.step(round, updatesOf(members, round), [0, 1, 2]);
  replicas[3] = replicas[0]?.slice() ?? new Float32Array(0); // it has listened
  for (let round = 10; round < 15; round++) run.step(round, updatesOf(members, round));
  for (const replica of replicas) assertNear(replica, run.due);
});

test("at 30 % loss the end of a view costs about a round of what was learned, and nothing counts twice", () => {
  const members = 6;
  const every = 0.125;
  const update = new Float32Array(valueCount).fill(every);
  const run = learners({ members, seed: 7, weather: { loss: 0.3 } });
  const views = 8;
  for (let epoch = 2; epoch <= views; epoch++) {
    const view = { epoch, fromRound: 20 * (epoch - 1), members: run.group.ids };
    for (const machine of run.group.machines) machine.install(view);
    for (let round = 20 * (epoch - 2); round < 20 * (epoch - 1); round++)
      run.step(round, Array(members).fill(update));
  }
  run.settle(20 * (views - 1), 40);
  const [replica] = run.replicas;
  let missing = 0;
  for (const [i, due] of run.due.entries()) {
    const rounds = (due - (replica?.[i] ?? NaN)) / every / (views - 1);
    assert.ok(rounds > -1e-5, `value ${i}: counted twice, ${rounds}`);
    missing += rounds / valueCount;
  }
  // A scatter and a gather were each p/(1−p) rounds behind on average: 0.86 rounds at p = 0.3.
  assert.ok(missing > 0.3 && missing < 1.2, `${missing} rounds of a view's 20`);
});

test("a member that falls behind and listens misses no one's sums, and its own are not lost", () => {
  const members = 4;
  const run = learners({ members, seed: 8, weather: { loss: 0.1 } });
  for (let round = 0; round < 5; round++) run.step(round, updatesOf(members, round));
  // Round 5 of seat 3 ends with nobody there; the others are far ahead by then.
  for (let round = 5; round < 12; round++) run.step(round, updatesOf(members, round), [0, 1, 2]);
  assert.equal(run.group.machines[3]?.jumpTo(), 11);
  run.group.begin(3, 12, run.replicas[3] ?? new Float32Array(0), true);
  run.step(12, updatesOf(members, 12), [0, 1, 2]);
  run.replicas[3] = run.group.finished([3])[0]?.values ?? new Float32Array(0);
  for (let round = 13; round < 18; round++) run.step(round, updatesOf(members, round));
  run.settle(18, 30);
  for (const replica of run.replicas) assertNear(replica, run.due);
});

test("an owner that dies in a round keeps its block as it was; the next view goes on from the freshest", () => {
  const members = 5;
  const run = learners({ members, seed: 9, weather: { loss: 0.1 } });
  const { group } = run;
  for (let round = 0; round < 10; round++) run.step(round, updatesOf(members, round));
  run.settle(10, 10);
  group.learned(4, 20, run.replicas[4] ?? new Float32Array(0), run.replicas[4] ?? new Float32Array(0));
  group.network.kill("peer-4", 6_000);
  run.settle(20, 5, [0, 1, 2, 3]);
  for (const machine of group.machines.slice(0, 4))
    machine.install({ epoch: 2, fromRound: 25, members: group.ids.slice(0, 4) });
  for (let round = 25; round < 30; round++) run.step(round, updatesOf(members, round), [0, 1, 2, 3]);
  run.settle(30, 30, [0, 1, 2, 3]);
  for (const replica of run.replicas.slice(0, 4)) assertNear(replica, run.due);
});

// ---- the rule by itself --------------------------------------------------------------------------------

const view = { epoch: 1, fromRound: 0, members: ["a", "b"] };
const turnOf = (round: number) => ({ view, round, seat: 0 });

/** What the owner of one value publishes, of the sums that came from the two seats. */
function publish(
  rule: ReturnType<typeof runningSums>,
  round: number,
  ...sums: (number | undefined)[]
): number {
  const from: Contributions = {
    values: Float32Array.from(sums, (sum) => sum ?? NaN),
    offset: 0,
    stride: 1,
    members: 2,
    present: Uint8Array.from(sums, (sum) => (sum === undefined ? 0 : 1)),
    presentAt: 0,
  };
  const out = new Float32Array(1);
  const there = sums.filter((sum) => sum !== undefined).length;
  assert.equal(rule.reduce(from, 1, out, 0, turnOf(round)), there);
  return out[0] ?? NaN;
}

function entered(base: number): ReturnType<typeof runningSums> {
  const rule = runningSums(4);
  rule.enter?.(turnOf(0), Float32Array.of(base));
  return rule;
}

test("what a lost packet said is in the next one", () => {
  const rule = entered(10);
  assert.equal(publish(rule, 0, 1, 1), 11);
  assert.equal(publish(rule, 1, 2, undefined), 11.5);
  assert.equal(publish(rule, 2, 3, undefined), 12);
  assert.equal(publish(rule, 3, 4, 4), 14);
  assert.equal(publish(rule, 4, undefined, undefined), 14);
});

test("a round that is averaged after a later one does not undo it", () => {
  const rule = entered(0);
  assert.equal(publish(rule, 3, 4, 4), 4);
  assert.equal(publish(rule, 2, 3, 3), 4);
});

test("a fragment that did not arrive stays as it was, and what was learned about it is not lost", () => {
  const rule = entered(1);
  const [before, after] = [Float32Array.of(1), Float32Array.of(3)];
  assert.equal(rule.kept?.(before, after), before);
  assert.deepEqual([...rule.outgoing(before, after)], [2]);
  rule.incoming(before, before, Uint8Array.of(0));
  assert.deepEqual([...rule.outgoing(before, after)], [4]);
});

test("16 rounds without an average: what is learned there does not pile up any further", () => {
  const rule = entered(0);
  const [before, after] = [Float32Array.of(0), Float32Array.of(1)];
  const learn = (isAveraged: number) => {
    const [sum] = rule.outgoing(before, after);
    rule.incoming(before, before, Uint8Array.of(isAveraged));
    return sum;
  };
  for (let round = 1; round <= 30; round++) assert.equal(learn(0), Math.min(round, 16));
  assert.equal(learn(1), 16, "the owner is back");
  assert.equal(learn(0), 17);
});

test("sums that outgrow their modulus still add up, and small updates are never swallowed", () => {
  const [worker, owner] = [entered(0), entered(0)];
  const rng = createRng(1);
  let due = 0;
  let published = 0;
  for (let round = 0; round < 5_000; round++) {
    const update = round % 2 === 0 ? 7 : 2 ** -14; // 17,500 in all: past 2¹⁴ a float's step is 2⁻⁹
    due += update;
    const [sum] = worker.outgoing(Float32Array.of(0), Float32Array.of(update));
    assert.ok(Math.abs(sum ?? NaN) <= 128);
    if (rng.float() < 0.7 || round === 4_999) published = publish(owner, round, sum, undefined);
  }
  assert.ok(Math.abs(published - due / 2) < 0.002, `${published} of ${due / 2}`);
});

test("a view begins with nothing learned, whatever the one before came to", () => {
  const rule = entered(0);
  assert.deepEqual([...rule.outgoing(Float32Array.of(0), Float32Array.of(3))], [3]);
  rule.enter?.({ view: { ...view, epoch: 2 }, round: 9, seat: 1 }, Float32Array.of(5));
  assert.deepEqual([...rule.outgoing(Float32Array.of(5), Float32Array.of(6))], [1]);
});

test("a view that was never entered is a mistake of the program", () => {
  assert.throws(
    () => runningSums(4).outgoing(Float32Array.of(0), Float32Array.of(0)),
    /has not been entered/,
  );
});

test("with its memory an exchange goes on in another's place as if it were one", () => {
  const [peers, rounds, cut] = [3, 12, 5];
  const begin = (firstRound: number, memory: readonly FlatArray[] = []) =>
    createExchange({ ...shape, peers, seed: 4, firstRound, memory });
  const run = (isCut: boolean) => {
    let exchange = begin(0);
    let replicas: Float32Array[] = randomVectors(peers, valueCount, 2);
    for (let round = 0; round < rounds; round++) {
      if (isCut && round === cut) exchange = begin(round, exchange.memory());
      const updates = updatesOf(peers, round);
      const moved = replicas.map((replica, seat) =>
        replica.map((value, i) => value + (updates[seat]?.[i] ?? 0)),
      );
      replicas = exchange.round(round, replicas, moved);
    }
    return replicas;
  };
  assert.deepEqual(run(true), run(false));
});
