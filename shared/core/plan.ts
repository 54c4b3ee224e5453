/**
 * Who owns what in a round. The flat parameter vector is cut into fragments (one packet each); the
 * fragments are cut into n consecutive blocks; a fresh uniform permutation of the members, drawn from
 * (seed, epoch, round), says which seat owns which block. Every peer computes the same plan without
 * talking. A fixed owner would break the symmetry that RPS's theory needs (docs/design.md).
 */
import { createRng, mix, permutation } from "./rng.ts";

export interface PlanInput {
  readonly seed: number;
  readonly epoch: number;
  readonly round: number;
  readonly members: number;
  readonly fragmentCount: number;
}

export interface Plan {
  readonly fragmentCount: number;
  readonly members: number;
  /** Seat that owns a fragment. */
  ownerOf(fragment: number): number;
  /** The block of a seat: fragments `first` … `end`−1; empty when there are fewer fragments than members. */
  blockOf(seat: number): { readonly first: number; readonly end: number };
}

export function createPlan(input: PlanInput): Plan {
  const { members, fragmentCount } = input;
  const owners = permutation(members, createRng(mix(input.seed, input.epoch, input.round)));
  return planWithOwners(owners, fragmentCount);
}

/** The same, with the owner of each block given: for tests that need to fix it. */
export function planWithOwners(owners: Uint32Array, fragmentCount: number): Plan {
  const members = owners.length;
  const blockOfSeat = new Uint32Array(members);
  const ownerOfFragment = new Uint32Array(fragmentCount);
  const startOf = (block: number) => Math.floor((block * fragmentCount) / members);
  for (let block = 0; block < members; block++) {
    const owner = owners[block] ?? 0;
    blockOfSeat[owner] = block;
    ownerOfFragment.fill(owner, startOf(block), startOf(block + 1));
  }
  return {
    fragmentCount,
    members,
    ownerOf: (fragment) => ownerOfFragment[fragment] ?? -1,
    blockOf(seat) {
      const block = blockOfSeat[seat];
      if (block === undefined || seat < 0) return { first: 0, end: 0 };
      return { first: startOf(block), end: startOf(block + 1) };
    },
  };
}

/** Fragments that a vector of `valueCount` values makes. */
export function fragmentsFor(valueCount: number, valuesPerFragment: number): number {
  return Math.ceil(valueCount / valuesPerFragment);
}
