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

/** One peer's memory of one view. */
interface Memory {
  /** The replica as the view began: z0. */
  readonly base: Float32Array;
  readonly members: number;
  /** S_i, modulo `modulus`; exact where f32 would lose small updates. */
  readonly sums: Float64Array;
  /** Rounds in a row in which a fragment had no average. */
  readonly silent: Uint8Array;
  /** What we publish, by where the fragment begins. */
  readonly owned: Map<number, Held>;
}

interface Held {
  /** z, of one fragment. */
  readonly published: Float64Array;
  /** The newest sum of each seat: row `seat` starts at `seat * published.length`. */
  readonly newest: Float32Array;
  /** The round that they are from: one that ends after a later one must not undo it. */
  round: number;
}

export function runningSums(maxFragmentValues: number): AveragingRule {
  /** Gone with the view. */
  const memories = new WeakMap<View, Memory>();
  let current: Memory | undefined;

  function enter({ view }: Turn, before: Float32Array): void {
    current = memories.get(view) ?? remember(before, view.members.length, maxFragmentValues);
    memories.set(view, current);
  }

  function entered(memory: Memory | undefined): Memory {
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
  };
}

function remember(base: Float32Array, members: number, maxFragmentValues: number): Memory {
  const sums = new Float64Array(base.length);
  const silent = new Uint8Array(Math.ceil(base.length / maxFragmentValues));
  return { base, members, sums, silent, owned: new Map() };
}

function heldAt(memory: Memory, at: number, count: number): Held {
  const known = memory.owned.get(at);
  if (known) return known;
  const held: Held = {
    published: Float64Array.from(memory.base.subarray(at, at + count)),
    newest: new Float32Array(memory.members * count),
    round: -1,
  };
  memory.owned.set(at, held);
  return held;
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
