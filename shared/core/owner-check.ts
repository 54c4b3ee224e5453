/**
 * An owner dictates its block, so whoever receives one compares it with its own values. How far an average is from
 * them (rms over the fragment) is much the same from round to round, and as owners are drawn anew each time most of
 * what is remembered of a fragment came from honest ones: what is more than three times as far as the running median
 * is drawn towards the own values until it is as far as that. A block that is really that far away (after an absence) is there
 * some rounds later, because distances are remembered as they were.
 *
 * Rounds in which a fragment hardly moved say nothing about how far it goes when it does: most rows of an embedding
 * stand still in most rounds. So they are not counted, and a fragment that seldom moves is held to what is usual for
 * the others.
 */
import type { Plan } from "./plan.ts";
import { fragmentLength, fragmentState } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

/** An average may be so many times as far away as the median of the last ones. */
const tolerance = 3;
/** Distances that are remembered of each fragment. */
const window = 15;
/** With fewer than these the measure is how far the other fragments are. */
const least = 5;
/** Of that measure: what is nearer has not moved, but for rounding and what others missed. */
const stillShare = 0.1;

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
  let ofRounds: readonly number[] = [];

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

  /**
   * The median of owners' medians, so that none counts for more than its block, over the fragments that moved; and
   * over the last rounds, because in one of them nobody but a liar may have moved anything.
   */
  function usualOfRounds(fragments: readonly number[], plan: Plan): number {
    const moved = new Map<number, number[]>();
    for (const fragment of fragments) {
      const owner = plan.ownerOf(fragment);
      const here = distances[fragment] ?? 0;
      const ofOwner = moved.get(owner) ?? [];
      moved.set(owner, ofOwner);
      if (here > 0) ofOwner.push(here);
    }
    const medians = [...moved.values()].filter((own) => own.length > 0).map(medianOf);
    if (medians.length > 0) ofRounds = [...ofRounds, medianOf(medians)].slice(-window);
    return medianOf(ofRounds);
  }

  function usualOf(fragment: number, usually: number): number {
    const start = fragment * window;
    const last = seen.subarray(start, start + Math.min(counts[fragment] ?? 0, window));
    const moved = [...last].filter((one) => one > stillShare * usually);
    // Of what moved in few of them most may have been lies.
    return moved.length < Math.max(least, last.length / 2) ? usually : medianOf(moved);
  }

  /** Nothing of what `usualOf` is taken from is below `near`: most fragments are done with so, without sorting. */
  function isNear(fragment: number, near: number, usually: number): boolean {
    const start = fragment * window;
    const end = start + Math.min(counts[fragment] ?? 0, window);
    for (let at = start; at < end; at++) if ((seen[at] ?? 0) < near) return false;
    return near <= usually;
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
    const usually = usualOfRounds(fragments, plan);
    const far = new Map<number, number>();
    const all = new Map<number, number>();
    const drawn: { readonly fragment: number; readonly share: number }[] = [];
    for (const fragment of fragments) {
      const owner = plan.ownerOf(fragment);
      add(all, owner);
      const here = distances[fragment] ?? 0;
      const usual = isNear(fragment, here / tolerance, usually) ? here : usualOf(fragment, usually);
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

/** The lower one of two: of two owners one may lie. */
function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}
