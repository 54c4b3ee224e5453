/** Malformed packets into a group that goes on averaging (packet-fuzz.ts); the fault table feeds a million. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { maxPacketBytes } from "../../shared/core/packet.ts";
import { createRng } from "../../shared/core/rng.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import { fuzzPackets, fuzzedGroups } from "./packet-fuzz.ts";

const packets = 4_000;
const seed = 99;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion
for (const group of Object.keys(fuzzedGroups) as (keyof typeof fuzzedGroups)[]) {
  test(`${group}: ${packets} invalid packets: none throws, each is accounted for, and the results are the same to the bit`, () => {
    const figures = fuzzPackets({ group, mutations: "invalid", packets, seed });
    assert.equal(figures.thrown, undefined);
    assert.ok(figures.packets >= 0.99 * packets, `${figures.packets} packets`);
    const { changed, unaccounted, slowdown } = figures;
    assert.deepEqual({ changed, unaccounted, slowdown }, { changed: 0, unaccounted: 0, slowdown: 1 });
  });

  test(`${group}: ${packets} mutated packets, good ones among them, and wild markers: no throw, no gap in the account, no wait`, () => {
    const figures = fuzzPackets({ group, mutations: "anything", packets, seed });
    assert.equal(figures.thrown, undefined);
    assert.ok(figures.packets >= 0.99 * packets, `${figures.packets} packets`);
    assert.deepEqual([figures.notFinite, figures.unaccounted], [0, 0]);
    assert.ok(figures.ofDeadline <= 1, `${figures.ofDeadline}`);
  });
}

test("whoever sends mutated packets is muted by everybody, and nobody waits", () => {
  const figures = fuzzPackets({ group: "rps", mutations: "anything", packets, seed, mutes: true });
  assert.equal(figures.thrown, undefined);
  assert.deepEqual([figures.mutedBy, figures.notFinite], [3, 0]);
  assert.ok(figures.ofDeadline <= 1, `${figures.ofDeadline}`);
});

test("bytes of any length from 0 to more than a packet never throw", () => {
  const attacker = "peer-1";
  const group = createGroup({
    members: 4,
    seed: 1,
    valueCount: 120,
    valuesPerFragment: 4,
    offenceLimit: Infinity,
  });
  const rng = createRng(4);
  for (let length = 0; length <= maxPacketBytes + 50; length++) {
    const bytes = Uint8Array.from({ length }, () => rng.below(256));
    for (const from of [attacker, "nobody"]) group.machines[0]?.receive(from, bytes, 0);
  }
  assert.equal(group.machines[0]?.counts(attacker)?.drops.rejected, maxPacketBytes + 51);
  assert.equal(group.machines[0]?.strays, maxPacketBytes + 51);
});
