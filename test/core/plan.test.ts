import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createPlan, fragmentsFor, planWithOwners } from "../../shared/core/plan.ts";

const inputs = fc.record({
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  epoch: fc.integer({ min: 1, max: 0xffff_ffff }),
  round: fc.integer({ min: 0, max: 0xffff_fffe }),
  members: fc.integer({ min: 1, max: 40 }),
  fragmentCount: fc.integer({ min: 0, max: 200 }),
});

test("every fragment has one owner, and blocks are disjoint, consecutive and equal within one", () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const plan = createPlan(input);
      const seen = new Uint8Array(input.fragmentCount);
      const sizes: number[] = [];
      for (let seat = 0; seat < input.members; seat++) {
        const { first, end } = plan.blockOf(seat);
        sizes.push(end - first);
        for (let fragment = first; fragment < end; fragment++) {
          assert.equal(plan.ownerOf(fragment), seat);
          seen[fragment] = (seen[fragment] ?? 0) + 1;
        }
      }
      assert.ok(seen.every((times) => times === 1));
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join());
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("two peers make the same plan, and other rounds, epochs and seeds another one", () => {
  const input = { seed: 3, epoch: 2, round: 9, members: 12, fragmentCount: 24 };
  const owners = (other: object) => {
    const plan = createPlan({ ...input, ...other });
    return Array.from({ length: 24 }, (_, fragment) => plan.ownerOf(fragment)).join();
  };
  assert.equal(owners({}), owners({}));
  for (const other of [{ round: 10 }, { epoch: 3 }, { seed: 4 }]) assert.notEqual(owners(other), owners({}));
});

test("owners are re-drawn every round: each seat owns each block equally often", () => {
  const members = 5;
  const rounds = 5_000;
  const counts = new Uint32Array(members * members);
  for (let round = 0; round < rounds; round++) {
    const plan = createPlan({ seed: 1, epoch: 1, round, members, fragmentCount: members });
    for (let block = 0; block < members; block++) {
      const at = block * members + plan.ownerOf(block);
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  for (const count of counts)
    assert.ok(Math.abs(count - rounds / members) < 4 * Math.sqrt(rounds / 5), `${count}`);
});

test("with fewer fragments than members some own nothing, and nobody owns what is not there", () => {
  const plan = createPlan({ seed: 1, epoch: 1, round: 1, members: 7, fragmentCount: 3 });
  const owning = Array.from({ length: 7 }, (_, seat) => plan.blockOf(seat)).filter(
    ({ first, end }) => end > first,
  );
  assert.equal(owning.length, 3);
  for (const strange of [-1, 3, 2 ** 32 - 1]) assert.equal(plan.ownerOf(strange), -1);
  for (const strange of [-1, 7, 65_535]) assert.deepEqual(plan.blockOf(strange), { first: 0, end: 0 });
});

test("a plan with given owners obeys them", () => {
  const plan = planWithOwners(Uint32Array.of(2, 0, 1), 5);
  assert.deepEqual([0, 1, 2, 3, 4].map(plan.ownerOf), [2, 0, 0, 1, 1]);
});

test("the last fragment may be shorter, none is empty", () => {
  assert.equal(fragmentsFor(0, 280), 0);
  assert.equal(fragmentsFor(1, 280), 1);
  assert.equal(fragmentsFor(280, 280), 1);
  assert.equal(fragmentsFor(281, 280), 2);
});
