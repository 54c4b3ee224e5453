/** What one machine takes of what strangers send, and what it makes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { packetKinds } from "../../shared/core/packet.ts";
import type { PacketHeader } from "../../shared/core/packet.ts";
import { createLoneMachine, fragmentsPerBlock } from "./lone-machine.ts";
import type { LoneMachine } from "./lone-machine.ts";

const { scatter, gather } = packetKinds;
const others = [1, 2, 3];

/** The values of a round in which everybody sends what it should, and `meddle` whatever it likes before. */
function roundWith(meddle: (lone: LoneMachine) => void): Float32Array {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  meddle(lone);
  for (const seat of others) lone.wholeRound(seat, seat);
  const result = lone.machine.takeResult();
  assert.ok(result, "the round ends as soon as everything is there");
  return result.values;
}

const undisturbed = roundWith(() => undefined);

test("a round of four: the mean in our block, their averages in theirs", () => {
  const expected = [0, 1, 2, 3].map((seat) => Array(2 * fragmentsPerBlock).fill(seat === 0 ? 1.5 : seat));
  assert.deepEqual([...undisturbed], expected.flat());
});

const wrong: readonly (readonly [what: string, header: Partial<PacketHeader>, values?: readonly number[]])[] =
  [
    ["a scatter for a block that is not ours", { kind: scatter, fragment: 4 }],
    ["a gather of a block that is not the sender's", { kind: gather, fragment: 4 }],
    ["a gather of our own block", { kind: gather, fragment: 0 }],
    ["another member's seat", { kind: scatter, fragment: 0, seat: 2 }],
    ["our own seat", { kind: scatter, fragment: 0, seat: 0 }],
    ["a seat that is not there", { kind: scatter, fragment: 0, seat: 65_535 }],
    ["a fragment that is not there", { kind: scatter, fragment: 8 }],
    ["the largest fragment there could be", { kind: gather, fragment: 0xffff_ffff }],
    ["another encoding", { kind: scatter, fragment: 0, encoding: 1 }],
    ["an unknown encoding", { kind: scatter, fragment: 0, encoding: 255 }],
    ["too few values", { kind: scatter, fragment: 0 }, [9]],
    ["too many values", { kind: scatter, fragment: 0 }, [9, 9, 9]],
    ["NaN", { kind: scatter, fragment: 0 }, [9, NaN]],
    ["infinity", { kind: gather, fragment: 2 }, [Infinity, 9]],
  ];

for (const [what, header, values = [9, 9]] of wrong) {
  test(`a packet with ${what} is rejected and changes nothing`, () => {
    const result = roundWith((lone) => {
      const before = lone.machine.wakeAt();
      lone.feed(1, lone.packet(1, header, ...values));
      assert.equal(lone.countsOf(1).drops.rejected, 1);
      assert.equal(lone.countsOf(1).duplicates, 0);
      assert.equal(lone.machine.wakeAt(), before, "it does not even say where its sender is");
      assert.equal(lone.machine.jumpTo(), undefined);
    });
    assert.deepEqual(result, undisturbed);
  });
}

test("a packet of another epoch is stale and changes nothing", () => {
  const result = roundWith((lone) => {
    for (const epoch of [0, 2, 0xffff_ffff]) lone.feed(1, lone.packet(1, { fragment: 0, epoch }, 9, 9));
    assert.equal(lone.countsOf(1).drops.stale, 3);
  });
  assert.deepEqual(result, undisturbed);
});

test("the first copy counts, whatever comes after it", () => {
  const result = roundWith((lone) => {
    lone.scatter(1, 0, 1);
    lone.scatter(1, 0, 77);
    lone.gather(2, 4, 2);
    lone.gather(2, 4, 77);
    assert.equal(lone.countsOf(1).duplicates + lone.countsOf(2).duplicates, 2);
  });
  assert.deepEqual(result, undisturbed);
});

test("packets for the round that we are about to enter count", () => {
  const lone = createLoneMachine();
  lone.machine.expect(0);
  for (const seat of others) lone.wholeRound(seat, seat);
  lone.machine.begin(0, lone.own(0), 50);
  assert.deepEqual(lone.machine.takeResult()?.values, undisturbed);
});

test("packets for the round after the one we are in count, and the round after that is stale", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  for (const seat of others) lone.wholeRound(seat, seat, 1);
  lone.scatter(1, 0, 1, 2);
  assert.equal(lone.countsOf(1).drops.stale, 1);
  for (const seat of others) lone.wholeRound(seat, seat, 0);
  assert.ok(lone.machine.takeResult());
  lone.machine.begin(1, lone.own(0), 60);
  const result = lone.machine.takeResult();
  assert.deepEqual(result?.values, undisturbed);
  assert.equal(result?.roundMs, 0);
});

test("an end marker may be the first that is heard of a round", () => {
  const lone = createLoneMachine();
  lone.machine.expect(0);
  lone.endOf(1, "scatter", 0);
  lone.endOf(1, "gather", 0);
  lone.machine.begin(0, lone.own(0), 0);
  for (const seat of [2, 3]) lone.wholeRound(seat, seat);
  lone.machine.tick(1_000);
  const result = lone.machine.takeResult();
  assert.ok(result, "peer-1 has said that nothing comes: nobody waits for it");
  assert.deepEqual(result.missed, []);
});

test("an end marker that claims too much, comes twice or from nobody changes nothing", () => {
  const result = roundWith((lone) => {
    lone.endOf(1, "scatter", 0xffff_ffff);
    lone.endOf(1, "scatter", 0);
    lone.machine.endOfPhase("nobody", { epoch: 1, round: 0, phase: "gather", sent: 0 }, 0);
    lone.machine.endOfPhase("peer-1", { epoch: 9, round: 0, phase: "gather", sent: 0 }, 0);
    lone.machine.endOfPhase("peer-1", { epoch: 1, round: 4e9, phase: "gather", sent: 0 }, 0);
  });
  assert.deepEqual(result, undisturbed);
});

test("a listener that is no member takes gathers and rejects scatters", () => {
  const lone = createLoneMachine();
  lone.machine.install({ epoch: 2, fromRound: 0, members: lone.ids.slice(1) });
  lone.machine.begin(0, lone.own(0), 0, true);
  for (const seat of others) {
    lone.feed(seat, lone.packet(seat - 1, { epoch: 2, kind: scatter, fragment: 0 }, 9, 9));
    assert.equal(lone.countsOf(seat).drops.rejected, 1);
  }
});

test("a view that comes too late does not mix two views' plans in one round", () => {
  const lone = createLoneMachine();
  lone.machine.begin(0, lone.own(0), 0);
  lone.machine.install({ epoch: 2, fromRound: 0, members: lone.ids });
  lone.feed(1, lone.packet(1, { epoch: 2, kind: scatter, fragment: 0 }, 77, 77));
  lone.feed(1, lone.packet(1, { epoch: 2, kind: gather, fragment: 2 }, 77, 77));
  assert.equal(lone.countsOf(1).drops.stale, 2, "our round has begun under the old view");
  for (const seat of others) lone.wholeRound(seat, seat);
  assert.deepEqual(lone.machine.takeResult()?.values, undisturbed, "the old view's packets still count");
});
