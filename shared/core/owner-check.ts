/**
 * An owner dictates its block, so whoever receives one compares it with its own values. How far an average is from
 * them (rms over the fragment) is much the same from round to round, and as owners are drawn anew each time most of
 * what is remembered of a fragment came from honest ones: what is more than three times as far as the running median
 * is drawn towards the own values until it is as far as that. A block that is really that far away (after an absence) is there
 * some rounds later, because distances are remembered as they were.
 */
import { fragmentLength, fragmentState } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

/** An average may be so many times as far away as the median of the last ones. */
const tolerance = 3;
/** Distances that are remembered of each fragment. */
const window = 15;
/** With fewer than these the median is taken over the other fragments of the round. */
const least = 5;

export interface OwnerCheck {
  /**
   * Draws what is too far from `slot.values` towards it, in place.
   * @returns the seats of owners of whose fragments more than half were too far
   */
  apply(slot: RoundSlot, values: Float32Array): readonly number[];
}

export function createOwnerCheck(shape: SlotShape): OwnerCheck {
  /** Row by row, `window` distances of each fragment; the newest overwrites the oldest. */
  const seen = new Float32Array(shape.fragmentCount * window);
  const counts = new Uint32Array(shape.fragmentCount);
  const distances = new Float32Array(shape.fragmentCount);

  const isFromOther = (slot: RoundSlot, fragment: number) =>
    slot.received[fragment] === fragmentState.counted &&
    (fragment < slot.owned.first || fragment >= slot.owned.end);

  function distance(own: Float32Array, values: Float32Array, fragment: number): number {
    const from = fragment * shape.valuesPerFragment;
    const length = fragmentLength(shape, fragment);
    let sum = 0;
    for (let i = from; i < from + length; i++) sum += ((values[i] ?? 0) - (own[i] ?? 0)) ** 2;
    return Math.sqrt(sum / length);
  }

  function remember(fragment: number): void {
    const count = counts[fragment] ?? 0;
    seen[fragment * window + (count % window)] = distances[fragment] ?? 0;
    counts[fragment] = count + 1;
  }

  function draw(own: Float32Array, values: Float32Array, fragment: number, share: number): void {
    const from = fragment * shape.valuesPerFragment;
    for (let i = from; i < from + fragmentLength(shape, fragment); i++)
      values[i] = (own[i] ?? 0) + share * ((values[i] ?? 0) - (own[i] ?? 0));
  }

  function apply(slot: RoundSlot, values: Float32Array): readonly number[] {
    const { plan, values: own } = slot;
    if (!own || slot.listening) return [];
    const fragments: number[] = [];
    for (let fragment = 0; fragment < shape.fragmentCount; fragment++)
      if (isFromOther(slot, fragment)) fragments.push(fragment);
    for (const fragment of fragments) distances[fragment] = distance(own, values, fragment);
    const ofRound = medianOf(Float32Array.from(fragments, (fragment) => distances[fragment] ?? 0));
    const far = new Map<number, number>();
    const all = new Map<number, number>();
    const drawn: { readonly fragment: number; readonly share: number }[] = [];
    for (const fragment of fragments) {
      const known = counts[fragment] ?? 0;
      const start = fragment * window;
      const usual = known < least ? ofRound : medianOf(seen.slice(start, start + Math.min(known, window)));
      const owner = plan.ownerOf(fragment);
      add(all, owner);
      const here = distances[fragment] ?? 0;
      if (here > tolerance * usual) {
        drawn.push({ fragment, share: usual / here });
        add(far, owner);
      }
      remember(fragment);
    }
    const doubtful = [...far].filter(([owner, count]) => 2 * count > (all.get(owner) ?? 0));
    // Who finds most of the others far away has been away himself, behind a dark link for one.
    const isUs = 2 * doubtful.length > all.size;
    if (isUs && all.size > 1) return [];
    for (const { fragment, share } of drawn) draw(own, values, fragment, share);
    return isUs ? [] : doubtful.map(([owner]) => owner);
  }

  return { apply };
}

function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Sorts what it is given. */
function medianOf(values: Float32Array): number {
  values.sort();
  return values[Math.floor(values.length / 2)] ?? 0;
}
