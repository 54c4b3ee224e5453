/**
 * Everything one peer holds of one round: its own values, the contributions to the block it owns, and the
 * averages that reached it. Storage only: when things happen is round.ts's business.
 */
import type { Contributions, Reduce } from "./averaging/rule.ts";
import type { Encoding } from "./encoding.ts";
import { createInflow } from "./inflow.ts";
import type { Inflow } from "./inflow.ts";
import type { HeldParity } from "./parity/parity.ts";
import type { Plan } from "./plan.ts";
import { permutation } from "./rng.ts";
import type { Rng } from "./rng.ts";
import type { SlotMemory } from "./slot-memory.ts";
import type { View } from "./view.ts";

/** What this peer still has to send to one other peer in one round. */
export interface Outflow {
  readonly to: string;
  /** Fragments of ours that the other owns, in a random order; empty for a listener. */
  readonly scatter: Uint32Array;
  scatterNext: number;
  scatterMarked: boolean;
  /** Averages first, then parity. */
  gatherNext: number;
  gatherMarked: boolean;
  /** What the other audits: sent when there is nothing else to send. */
  readonly audited: number[];
  auditedNext: number;
}

/** State of a fragment in `received`. */
export const fragmentState = { missing: 0, counted: 1, lateOnly: 2 } as const;

export interface RoundSlot {
  readonly round: number;
  readonly view: View;
  readonly plan: Plan;
  /** Our place in the view, -1 when we are not a member. */
  readonly seat: number;
  readonly owned: { readonly first: number; readonly end: number };
  readonly contributions: Contributions;
  /** Awaited seats whose contribution to an owned fragment may still come; counted from `begin` on. */
  readonly waiting: Uint16Array;
  /** Averages, ours and others'; valid where `received` says so. */
  readonly averages: Float32Array;
  readonly received: Uint8Array;
  readonly contributors: Uint16Array;
  /** Our own fragments in the order in which they were averaged; `averagedCount` of them so far. */
  readonly averagedOrder: Uint32Array;
  averagedCount: number;
  /** A random order of the owned block, so that a slow link does not always miss the same part. */
  readonly closingOrder: Uint32Array;
  readonly scatterIn: readonly Inflow[];
  readonly gatherIn: readonly Inflow[];
  readonly outflows: Map<string, Outflow>;
  /** Our own parity rows, by group, from when they are first asked for; and others', by seat and group. */
  readonly parityOut: Map<number, readonly Uint8Array[]>;
  readonly parityIn: Map<number, HeldParity>;
  /** Our replica as it went in; null while the round has not begun here or when only listening. */
  values: Float32Array | null;
  /** What stands where no average arrives; set with `values`. */
  kept: Float32Array | null;
  /** Nothing of ours is contributed: we only listen to the gathers. */
  listening: boolean;
  begunAt: number;
  /** When the round before began; -1 where we were not in it. */
  beforeAt: number;
  phaseMs: number;
  graceMs: number;
  /** When all but a few members were in; -1 before. */
  scatterNearlyAt: number;
  gatherNearlyAt: number;
  scatterClosedAt: number;
  finishedAt: number;
  /** Members that we waited for and went on without; known when the round is over. */
  wentOnWithout: number;
}

export interface SlotShape {
  readonly valueCount: number;
  readonly fragmentCount: number;
  readonly valuesPerFragment: number;
}

export function createSlot(
  round: number,
  view: View,
  plan: Plan,
  seat: number,
  shape: SlotShape,
  rng: Rng,
  memory: SlotMemory,
): RoundSlot {
  const members = view.members.length;
  const owned = plan.blockOf(seat);
  const ownedCount = owned.end - owned.first;
  // Of the longest block: the same length whichever block is ours.
  const longest = Math.max(ownedCount, Math.ceil(shape.fragmentCount / Math.max(1, members)));
  const gatherFrom = (from: number) => {
    const block = plan.blockOf(from);
    return createInflow(from === seat ? 0 : block.end - block.first);
  };
  return {
    round,
    view,
    plan,
    seat,
    owned,
    contributions: {
      values: memory.take((ownedCount > 0 ? longest : 0) * members * shape.valuesPerFragment),
      offset: 0,
      stride: shape.valuesPerFragment,
      members,
      present: new Uint8Array(ownedCount * members),
      presentAt: 0,
    },
    waiting: new Uint16Array(ownedCount),
    averages: memory.take(shape.valueCount),
    received: new Uint8Array(shape.fragmentCount),
    contributors: new Uint16Array(shape.fragmentCount),
    averagedOrder: new Uint32Array(ownedCount),
    averagedCount: 0,
    closingOrder: permutation(ownedCount, rng),
    scatterIn: view.members.map((_, from) => createInflow(from === seat ? 0 : ownedCount)),
    gatherIn: view.members.map((_, from) => gatherFrom(from)),
    outflows: new Map(),
    parityOut: new Map(),
    parityIn: new Map(),
    values: null,
    kept: null,
    listening: false,
    begunAt: -1,
    beforeAt: -1,
    phaseMs: 0,
    graceMs: 0,
    scatterNearlyAt: -1,
    gatherNearlyAt: -1,
    scatterClosedAt: -1,
    finishedAt: -1,
    wentOnWithout: 0,
  };
}

/** Values in a fragment: all have the same size but the last. */
export function fragmentLength(shape: SlotShape, fragment: number): number {
  const start = fragment * shape.valuesPerFragment;
  return Math.min(shape.valuesPerFragment, shape.valueCount - start);
}

/** Takes our own values into the block we own: the owner's copy needs no network and always counts. */
export function contributeOwn(slot: RoundSlot, shape: SlotShape, values: Float32Array): void {
  const { contributions, owned, seat } = slot;
  for (let fragment = owned.first; fragment < owned.end; fragment++) {
    const index = fragment - owned.first;
    const start = fragment * shape.valuesPerFragment;
    const own = values.subarray(start, start + fragmentLength(shape, fragment));
    contributions.values.set(own, rowOf(slot, shape, index, seat));
    contributions.present[index * contributions.members + seat] = 1;
  }
}

export function rowOf(slot: RoundSlot, shape: SlotShape, index: number, seat: number): number {
  return (index * slot.contributions.members + seat) * shape.valuesPerFragment;
}

/**
 * Averages an owned fragment over what is present. The average is rounded to what the encoding can carry
 * once, here, so that every peer (the owner too) goes on with the same numbers.
 */
export function averageOwned(
  slot: RoundSlot,
  shape: SlotShape,
  index: number,
  reduce: Reduce,
  encoding: Encoding,
  scratch: Uint8Array,
  rng: Rng,
): void {
  const { contributions } = slot;
  const fragment = slot.owned.first + index;
  const start = fragment * shape.valuesPerFragment;
  const length = fragmentLength(shape, fragment);
  contributions.offset = rowOf(slot, shape, index, 0);
  contributions.presentAt = index * contributions.members;
  slot.contributors[fragment] = reduce(contributions, length, slot.averages, start, slot);
  if (encoding.bytesPerValue < 4) {
    encoding.encode(slot.averages, start, length, scratch, 0, rng);
    encoding.decode(scratch, 0, length, slot.averages, start);
  }
  slot.received[fragment] = fragmentState.counted;
  slot.averagedOrder[slot.averagedCount] = fragment;
  slot.averagedCount += 1;
}

/** The replica after the round: averages where they arrived, what was kept where they did not. */
export function overlay(slot: RoundSlot, shape: SlotShape): Float32Array {
  const { received, averages } = slot;
  const result = slot.kept?.slice() ?? new Float32Array(shape.valueCount);
  for (let first = 0, end = 0; first < shape.fragmentCount; first = end + 1) {
    // Neighbours are copied together.
    for (end = first; received[end] === fragmentState.counted;) end += 1;
    const start = first * shape.valuesPerFragment;
    if (end > first) result.set(averages.subarray(start, end * shape.valuesPerFragment), start);
  }
  return result;
}

/** Until then the round's packets are worth sending. */
export function sendingEnds(slot: RoundSlot): number {
  return slot.begunAt + 2 * slot.phaseMs;
}
