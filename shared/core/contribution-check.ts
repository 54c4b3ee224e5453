/**
 * An owner sees how far each contribution to its block is from what became of them. A robust mean does not follow far
 * who is more than four times as far away as the middle one, and who does so round after round is muted; unless it
 * goes where the others go. A machine ten times as fast, where a round is a time or the others do a small share of the
 * work, learns ten times as much: its update is far from theirs because it is long, and cannot do harm, since it is
 * clipped and points their way. So what is blamed is distance without agreement: a cosine with the others' update
 * below `agreement`.
 */
import { fragmentLength, rowOf } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

const tolerance = 4;
/** Honest updates have more in common than this even late in a training; noise and what goes backwards have less. */
const agreement = 0.1;
/** With fewer contributors there is no middle to speak of. */
const least = 4;

export interface ContributionCheck {
  /** Owned fragment `index` has just been averaged. */
  averaged(slot: RoundSlot, index: number): void;
  /**
   * The round is over, and this is what we go on with: updates of the next one are measured from there.
   * @returns the seats that were too far away, and not because they learned more
   */
  tooFar(slot: RoundSlot, values: Float32Array): readonly number[];
}

/** Of one seat, over all owned fragments that it contributed to. Updates: contribution and average less the origin. */
interface Products {
  values: number;
  /** |contribution − average|² */
  away: number;
  /** |update of the seat|² */
  own: number;
  /** The seat's update times the average one. */
  along: number;
  contributors: number;
}

/** @param exchangesUpdates what is averaged are updates, not replicas: the origin is 0 */
export function createContributionCheck(shape: SlotShape, exchangesUpdates = false): ContributionCheck {
  const ofSlot = new WeakMap<RoundSlot, readonly Products[]>();
  /** What we had before the local steps, which is what everybody had or close to it; empty while we do not know. */
  let origin: Float32Array = exchangesUpdates ? new Float32Array(shape.valueCount) : new Float32Array(0);
  /** The round that `origin` is of; −1 where it is of all. */
  let originOf = -1;

  function productsOf(slot: RoundSlot): readonly Products[] {
    const known =
      ofSlot.get(slot) ??
      Array.from({ length: slot.contributions.members }, () => ({
        values: 0,
        away: 0,
        own: 0,
        along: 0,
        contributors: 0,
      }));
    ofSlot.set(slot, known);
    return known;
  }

  function take(slot: RoundSlot, products: Products, row: number, start: number, length: number): void {
    const { values: rows } = slot.contributions;
    let [away, own, along] = [0, 0, 0];
    for (let i = 0; i < length; i++) {
      const from = origin[start + i] ?? 0;
      const update = (rows[row + i] ?? 0) - from;
      const average = (slot.averages[start + i] ?? 0) - from;
      away += (update - average) ** 2;
      own += update * update;
      along += update * average;
    }
    products.values += length;
    products.away += away;
    products.own += own;
    products.along += along;
    products.contributors += (slot.contributors[start / shape.valuesPerFragment] ?? 1) * length;
  }

  function remember(slot: RoundSlot, values: Float32Array): void {
    if (exchangesUpdates) return;
    origin = values;
    originOf = slot.round;
  }

  function blamed(slot: RoundSlot): readonly number[] {
    const products = productsOf(slot);
    const seats = [...products.keys()].filter((seat) => (products[seat]?.values ?? 0) > 0);
    if (seats.length < least) return [];
    const means = seats.map((seat) => rms(products[seat]));
    const middle = means.toSorted((a, b) => a - b)[Math.floor(means.length / 2)] ?? 0;
    // Where most have learned nothing (newcomers), to have learned something is no lie.
    if (middle === 0) return [];
    return seats.filter((seat, at) => {
      const of = products[seat];
      const far = (means[at] ?? 0) / middle;
      return of && seat !== slot.seat && far > tolerance && cosineWithOthers(of, far) < agreement;
    });
  }

  return {
    averaged(slot, index) {
      const { members, present } = slot.contributions;
      const fragment = slot.owned.first + index;
      const isKnown = exchangesUpdates || originOf === slot.round - 1;
      for (const [seat, products] of isKnown ? productsOf(slot).entries() : [])
        if (present[index * members + seat] === 1)
          take(
            slot,
            products,
            rowOf(slot, shape, index, seat),
            fragment * shape.valuesPerFragment,
            fragmentLength(shape, fragment),
          );
    },
    tooFar(slot, values) {
      const seats = blamed(slot);
      remember(slot, values);
      return seats;
    },
  };
}

function rms(of: Products | undefined): number {
  return of ? Math.sqrt(of.away / of.values) : 0;
}

/**
 * Without its own part in the average, clipped as `far` says: among few, noise would agree with what it became.
 * Where nothing is left the others have learned nothing, and it is not to be blamed.
 */
function cosineWithOthers({ values, away, own, along, contributors }: Products, far: number): number {
  const part = values / contributors / far;
  // u·d and a·d of the seat's update u, the average one a and d = u − a.
  const ownAway = own - along;
  const averageAway = ownAway - away;
  const averages = along - averageAway;
  const others = averages - 2 * part * averageAway + part * part * away;
  return others > 0 && own > 0 ? (along - part * ownAway) / Math.sqrt(others * own) : 1;
}
