/**
 * An owner sees how far each contribution to its block is from what became of them. A robust mean does not follow far
 * who is more than four times as far away as the middle one, and who does so round after round is muted; unless it
 * goes where the others go. A machine ten times as fast, where a round is a time or the others do a small share of the
 * work, learns ten times as much: its update is far from theirs because it is long, and cannot do harm, since it is
 * clipped and points their way. So what is blamed is distance without agreement: a cosine with the others' update
 * below half of what is usual among those who are near, or below `agreement`.
 */
import { clipFactor } from "./averaging/robust.ts";
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

interface Distances {
  /** Of a seat's contributions from the averages: sum of squares. */
  readonly squares: Float64Array;
  readonly values: Float64Array;
}

/** @param exchangesUpdates what is averaged are updates, not replicas: the origin is 0 */
export function createContributionCheck(shape: SlotShape, exchangesUpdates = false): ContributionCheck {
  const ofSlot = new WeakMap<RoundSlot, Distances>();
  /** What we had before the local steps, which is what everybody had or close to it; and after which round. */
  let origin: Float32Array = new Float32Array(exchangesUpdates ? shape.valueCount : 0);
  let originOf = -1;

  function distancesOf(slot: RoundSlot): Distances {
    const { members } = slot.contributions;
    const known = ofSlot.get(slot) ?? {
      squares: new Float64Array(members),
      values: new Float64Array(members),
    };
    ofSlot.set(slot, known);
    return known;
  }

  /** A seat's cosine with the others' update. `far`: how many times as far as the middle one the seat was. */
  function agreementOf(slot: RoundSlot, seat: number, far: number): number {
    const { members, present, values: rows } = slot.contributions;
    const sums = { own: 0, along: 0, average: 0, values: 0, contributors: 0 };
    for (let fragment = slot.owned.first; fragment < slot.owned.end; fragment++) {
      const index = fragment - slot.owned.first;
      if (present[index * members + seat] !== 1) continue;
      const row = rowOf(slot, shape, index, seat);
      const start = fragment * shape.valuesPerFragment;
      const length = fragmentLength(shape, fragment);
      for (let i = 0; i < length; i++) {
        const from = origin[start + i] ?? 0;
        const own = (rows[row + i] ?? 0) - from;
        const average = (slot.averages[start + i] ?? 0) - from;
        sums.own += own * own;
        sums.along += own * average;
        sums.average += average * average;
      }
      sums.values += length;
      sums.contributors += length * (slot.contributors[fragment] ?? 1);
    }
    const part = (sums.values / sums.contributors) * Math.min(1, clipFactor / far);
    return cosineWithOthers(sums, part);
  }

  function blamed(slot: RoundSlot): readonly number[] {
    const { squares, values } = distancesOf(slot);
    const seats = [...values.keys()].filter((seat) => (values[seat] ?? 0) > 0);
    if (seats.length < least) return [];
    const means = seats.map((seat) => Math.sqrt((squares[seat] ?? 0) / (values[seat] ?? 1)));
    const middle = middleOf(means);
    // Where most have learned nothing (newcomers), to have learned something is no lie.
    if (middle === 0) return [];
    const farOf = new Map(seats.map((seat, at) => [seat, (means[at] ?? 0) / middle]));
    const distant = seats.filter((seat) => seat !== slot.seat && (farOf.get(seat) ?? 0) > tolerance);
    if (distant.length === 0) return [];
    const agreementAt = (seat: number) => agreementOf(slot, seat, farOf.get(seat) ?? 1);
    const usual = middleOf(seats.filter((seat) => !distant.includes(seat)).map(agreementAt));
    return distant.filter((seat) => agreementAt(seat) < Math.max(agreement, usual / 2));
  }

  return {
    averaged(slot, index) {
      const { squares, values } = distancesOf(slot);
      const { members, present, values: rows } = slot.contributions;
      const start = (slot.owned.first + index) * shape.valuesPerFragment;
      const length = fragmentLength(shape, slot.owned.first + index);
      for (let seat = 0; seat < members; seat++) {
        if (present[index * members + seat] !== 1) continue;
        const row = rowOf(slot, shape, index, seat);
        let sum = 0;
        for (let i = 0; i < length; i++) sum += ((rows[row + i] ?? 0) - (slot.averages[start + i] ?? 0)) ** 2;
        squares[seat] = (squares[seat] ?? 0) + sum;
        values[seat] = (values[seat] ?? 0) + length;
      }
    },
    tooFar(slot, values) {
      const isKnown = exchangesUpdates || originOf === slot.round - 1;
      const seats = isKnown ? blamed(slot) : [];
      if (!exchangesUpdates) [origin, originOf] = [values, slot.round];
      return seats;
    },
  };
}

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/**
 * Of a seat's update u (`own` is |u|²) with the average a (`along` is u·a, `average` |a|²) less the seat's `part` of
 * the way from a to u: among few, noise would agree with what it became. Where nothing is left the others have
 * learned nothing, and nobody is to be blamed.
 */
function cosineWithOthers(
  { own, along, average }: { own: number; along: number; average: number },
  part: number,
): number {
  const dot = along - part * (own - along);
  const others = average - 2 * part * (along - average) + part * part * (own - 2 * along + average);
  return others > 0 && own > 0 ? dot / Math.sqrt(others * own) : 1;
}
