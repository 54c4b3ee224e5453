/**
 * Running sums (after Hadjicostis, Vaidya & Domínguez-García, IEEE TAC 2015): each peer sends S_i, the *sum*
 * of all it has learned since the view began, in place of its model. A fragment's owner keeps the newest
 * S_i of every seat and publishes z = z0 + (1/n) Σ S_i, z0 being its own replica as the view began. A lost
 * scatter only delays what was learned until the next one arrives, and everything counts once: there is
 * nothing like the sampling noise that RPS adds. The price: owners stay for a view, every peer remembers more
 * (docs/design.md has it in bytes), and a view's end costs what had not arrived by then.
 */
import type { View } from "../view.ts";
import type { AveragingRule, Contributions, Turn } from "./rule.ts";
import { flatten, heldAt, remember, unflatten } from "./sums-memory.ts";
import type { Held, SumsMemory } from "./sums-memory.ts";

/**
 * Sums travel modulo this, so that they neither grow nor lose digits however long a view lasts. An owner
 * undoes it as long as no value changes by more than half of it between two arrivals from the same seat.
 */
const modulus = 256;

/**
 * What is learned where the average has been missing for so many rounds in a row does not count: all of it
 * would be learned at the same place and land in one step when the owner is back. At 40 % loss 4 in 10 million come so far.
 */
const maxSilentRounds = 16;

export function runningSums(maxFragmentValues: number): AveragingRule {
  /** Gone with the view. */
  const memories = new WeakMap<View, SumsMemory>();
  let current: SumsMemory | undefined;

  function enter({ view }: Turn, before: Float32Array): void {
    current = memories.get(view) ?? remember(before, view.members.length, maxFragmentValues);
    memories.set(view, current);
  }

  function entered(memory: SumsMemory | undefined): SumsMemory {
    if (!memory) throw new Error("running sums: the view has not been entered");
    return memory;
  }

  function outgoing(before: Float32Array, after: Float32Array): Float32Array {
    const { sums, silent } = entered(current);
    for (const [fragment, rounds] of silent.entries()) {
      if (rounds >= maxSilentRounds) continue;
      const end = Math.min(sums.length, (fragment + 1) * maxFragmentValues);
      for (let i = fragment * maxFragmentValues; i < end; i++)
        sums[i] = wrapped((sums[i] ?? 0) + (after[i] ?? 0) - (before[i] ?? 0));
    }
    return Float32Array.from(sums);
  }

  function incoming(_before: Float32Array, exchanged: Float32Array, averaged?: Uint8Array): Float32Array {
    const { silent } = entered(current);
    for (let i = 0; i < silent.length; i++)
      silent[i] = averaged?.[i] === 0 ? Math.min((silent[i] ?? 0) + 1, maxSilentRounds) : 0;
    return exchanged;
  }

  function reduce(
    from: Readonly<Contributions>,
    count: number,
    out: Float32Array,
    at: number,
    turn: Turn,
  ): number {
    const held = heldAt(entered(memories.get(turn.view)), at, count);
    let contributors = 0;
    for (let seat = 0; seat < from.members; seat++) {
      if (from.present[from.presentAt + seat] !== 1) continue;
      contributors += 1;
      if (turn.round > held.round) take(held, from, seat, count);
    }
    held.round = Math.max(held.round, turn.round);
    for (let i = 0; i < count; i++) out[at + i] = held.published[i] ?? 0;
    return contributors;
  }

  return {
    name: "running-sums",
    channel: "unreliable",
    ownersFor: "view",
    enter,
    outgoing,
    kept: (before) => before,
    reduce,
    incoming,
    memory: {
      of: (view) => flatten(entered(memories.get(view))),
      restore: (view, arrays) =>
        void memories.set(view, unflatten(arrays, view.members.length, maxFragmentValues)),
    },
  };
}

/** What a seat's sum has grown by since we last had it counts, once, with weight 1/n. */
function take(held: Held, from: Readonly<Contributions>, seat: number, count: number): void {
  const { published, newest } = held;
  const row = from.offset + seat * from.stride;
  const old = seat * count;
  for (let i = 0; i < count; i++) {
    const sum = from.values[row + i] ?? 0;
    published[i] = (published[i] ?? 0) + wrapped(sum - (newest[old + i] ?? 0)) / from.members;
    newest[old + i] = sum;
  }
}

/** Into ±modulus/2. */
function wrapped(sum: number): number {
  return Math.abs(sum) <= modulus / 2 ? sum : sum - modulus * Math.round(sum / modulus);
}
