/** Every fragment that does not count is counted once, under its cause; built case by case. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addDrops, dropCauses, noDrops } from "../../shared/core/drops.ts";
import type { Drops } from "../../shared/core/drops.ts";
import { packetKinds } from "../../shared/core/packet.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import { countsOf, randomVectors } from "./exchange.ts";
import { createLoneMachine, fragmentsPerBlock } from "./lone-machine.ts";

const { scatter, gather } = packetKinds;

const only = (drops: Partial<Drops>): Drops => ({ ...noDrops(), ...drops });

test("causes add up by name", () => {
  const total = noDrops();
  addDrops(total, { lost: 1, late: 2, stale: 3, unsent: 4, rejected: 5 });
  addDrops(total, { lost: 1, late: 1, stale: 1, unsent: 1, rejected: 1 });
  assert.deepEqual(Object.values(total), [2, 3, 4, 5, 6]);
  assert.deepEqual(Object.keys(total), [...dropCauses]);
});

test("lost: sent, says the end marker, and never seen", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  lone.wholeRound(2, 1);
  lone.wholeRound(3, 1);
  lone.scatter(1, 0, 1);
  lone.endOf(1, "scatter", 2);
  lone.endOf(1, "gather", 2);
  lone.now = 100;
  lone.machine.tick(lone.now);
  assert.ok(lone.machine.takeResult());
  lone.machine.conclude();
  assert.deepEqual(lone.countsOf(1).drops, only({ lost: 3 }));
  assert.deepEqual(lone.countsOf(2).drops, noDrops());
});

test("lost: its sender is through, as a packet of the next round shows, and it never came", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  lone.scatter(1, 0, 1);
  lone.scatter(1, 1, 1, 1);
  lone.machine.conclude();
  assert.deepEqual(lone.countsOf(1).drops, only({ lost: 3, stale: 1 }));
});

test("unsent: the end marker says that fewer were sent than were owed", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  lone.wholeRound(2, 1);
  lone.wholeRound(3, 1);
  lone.scatter(1, 0, 1);
  lone.endOf(1, "scatter", 1);
  lone.endOf(1, "gather", 0);
  assert.ok(lone.machine.takeResult(), "nobody waits for what was never sent");
  lone.machine.conclude();
  assert.deepEqual(lone.countsOf(1).drops, only({ unsent: 3 }));
});

test("unsent: the link closed before the rest could come", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  lone.wholeRound(2, 1);
  lone.wholeRound(3, 1);
  lone.scatter(1, 0, 1);
  lone.machine.linkClosed("peer-1", 0);
  assert.ok(lone.machine.takeResult(), "nobody waits for a closed link");
  lone.machine.conclude();
  assert.deepEqual(lone.countsOf(1).drops, only({ unsent: 3 }));
  assert.equal(lone.countsOf(1).received, 1);
});

test("late: it came after its phase had closed, or its sender never got there", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  lone.wholeRound(2, 1);
  lone.wholeRound(3, 1);
  lone.now = lone.machine.wakeAt();
  while (!lone.machine.takeResult()) {
    lone.machine.tick(lone.now);
    lone.now = lone.machine.wakeAt() === Infinity ? lone.now : lone.machine.wakeAt();
  }
  lone.scatter(1, 0, 1);
  lone.scatter(1, 0, 1);
  lone.machine.conclude();
  assert.deepEqual(lone.countsOf(1).drops, only({ late: 2 * fragmentsPerBlock }));
  assert.equal(lone.countsOf(1).duplicates, 1, "a second late copy is a duplicate");
  assert.equal(lone.countsOf(1).received, 0);
});

test("stale: another epoch, a round long gone, a round far ahead", () => {
  const lone = createLoneMachine();
  lone.machine.expect(5);
  const strange = [
    { epoch: 2, round: 5 },
    { epoch: 0, round: 5 },
    { round: 3 },
    { round: 7 },
    { round: 0xffff_ffff },
  ];
  for (const header of strange) lone.feed(1, lone.packet(1, { fragment: 0, ...header }));
  assert.deepEqual(lone.countsOf(1).drops, only({ stale: strange.length }));
});

test("stale: it came in time for a round that we then skipped", () => {
  const lone = createLoneMachine();
  lone.machine.expect(4);
  lone.scatter(1, 0, 1, 5);
  lone.scatter(1, 1, 1, 5);
  lone.machine.expect(9);
  assert.deepEqual(lone.countsOf(1).drops, only({ stale: 2 }));
});

test("stale: it came for a round that a later view took over", () => {
  const lone = createLoneMachine();
  lone.machine.expect(4);
  lone.scatter(1, 0, 1, 5);
  lone.machine.install({ epoch: 2, fromRound: 5, members: lone.ids });
  assert.deepEqual(lone.countsOf(1).drops, only({ stale: 1 }));
});

test("rejected: counted where it came from, once for each packet", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  lone.feed(1, new Uint8Array(3));
  lone.feed(1, lone.packet(1, { kind: scatter, fragment: 0 }, NaN, 1));
  lone.feed(1, lone.packet(1, { kind: gather, fragment: 2 }, 1, Infinity));
  lone.feed(1, lone.packet(1, { kind: gather, fragment: 2 }, 1, -Infinity));
  for (const seat of [1, 2, 3]) lone.wholeRound(seat, 1);
  assert.ok(lone.machine.takeResult());
  lone.machine.conclude();
  assert.deepEqual(lone.countsOf(1).drops, only({ rejected: 4 }), "a good copy that follows counts");
  assert.equal(lone.countsOf(1).received, 2 * fragmentsPerBlock);
});

test("stray: the bytes of somebody we never heard of belong to no link", () => {
  const lone = createLoneMachine();
  lone.machine.receive("nobody", lone.packet(1), 0);
  assert.equal(lone.machine.strays, 1);
  assert.equal(lone.machine.counts("nobody"), undefined);
});

test("over a lossy run the causes add up to what was owed, and lost is the loss", () => {
  const members = 6;
  const fragments = 60;
  const rounds = 200;
  for (const loss of [0.05, 0.3]) {
    const valueCount = fragments * 4;
    const group = createGroup({
      members,
      seed: 8,
      valueCount,
      valuesPerFragment: 4,
      weather: { loss, jitterMs: 2, duplicate: 0.1 },
    });
    const vectors = randomVectors(members, valueCount, 1);
    for (let round = 0; round < rounds; round++) {
      group.average(round, vectors);
      group.drain(); // the markers, too: only they tell lost from late
    }
    for (const machine of group.machines) machine.expect(rounds + 10);
    // Each peer gets its own block from everybody else, and everybody else's block: n−1 times 2F/n.
    const owed = (rounds * (members - 1) * 2 * fragments) / members;
    let lost = 0;
    for (let seat = 0; seat < members; seat++) {
      const { received, drops } = countsOf(group, seat);
      const dropped = dropCauses.reduce((sum, cause) => sum + drops[cause], 0);
      assert.equal(received + dropped, owed, `seat ${seat}: ${received} and ${JSON.stringify(drops)}`);
      assert.equal(drops.unsent + drops.rejected + drops.stale, 0);
      assert.ok(drops.late <= 0.01 * owed, `${drops.late} late of ${owed}`);
      lost += drops.lost;
    }
    const share = lost / (owed * members);
    const error = 3 * Math.sqrt((loss * (1 - loss)) / (owed * members));
    assert.ok(Math.abs(share - loss) < error + 0.002, `${share} lost of ${loss} ± ${error}`);
  }
});
