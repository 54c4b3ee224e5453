/** What a peer of running sums (running-sums.ts) remembers of a view, and its flat form for a checkpoint. */
import type { FlatArray } from "./rule.ts";

export interface SumsMemory {
  /** The replica as the view began: z0. */
  readonly base: Float32Array;
  readonly members: number;
  /** S_i, modulo running sums' modulus; exact where f32 would lose small updates. */
  readonly sums: Float64Array;
  /** Rounds in a row in which a fragment had no average. */
  readonly silent: Uint8Array;
  /** What we publish, by where the fragment begins. */
  readonly owned: Map<number, Held>;
}

export interface Held {
  /** z, of one fragment. */
  readonly published: Float64Array;
  /** The newest sum of each seat: row `seat` starts at `seat * published.length`. */
  readonly newest: Float32Array;
  /** The round that they are from: one that ends after a later one must not undo it. */
  round: number;
}

export function remember(base: Float32Array, members: number, maxFragmentValues: number): SumsMemory {
  const sums = new Float64Array(base.length);
  const silent = new Uint8Array(Math.ceil(base.length / maxFragmentValues));
  return { base, members, sums, silent, owned: new Map() };
}

export function heldAt(memory: SumsMemory, at: number, count: number): Held {
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

/** As many arrays whatever is owned. */
export function flatten({ base, sums, silent, owned }: SumsMemory): FlatArray[] {
  const helds = [...owned.values()];
  return [
    base,
    sums,
    silent,
    Float64Array.from(owned.keys()),
    Float64Array.from(helds, ({ round }) => round),
    Float64Array.from(helds.flatMap(({ published }) => [...published])),
    Float32Array.from(helds.flatMap(({ newest }) => [...newest])),
  ];
}

/** @throws when it is not what `flatten` made */
export function unflatten(
  arrays: readonly FlatArray[],
  members: number,
  maxFragmentValues: number,
): SumsMemory {
  const [base, sums, silent, places, rounds, published, newest] = arrays;
  const isWhole =
    base instanceof Float32Array &&
    sums instanceof Float64Array &&
    silent instanceof Uint8Array &&
    published instanceof Float64Array &&
    newest instanceof Float32Array;
  if (!isWhole) throw new Error("running sums: these arrays are no memory of theirs");
  const owned = new Map<number, Held>();
  let from = 0;
  for (const [index, place] of (places ?? []).entries()) {
    const end = from + Math.min(maxFragmentValues, base.length - place);
    owned.set(place, {
      published: published.slice(from, end),
      newest: newest.slice(members * from, members * end),
      round: rounds?.[index] ?? -1,
    });
    from = end;
  }
  return { base, members, sums, silent, owned };
}
