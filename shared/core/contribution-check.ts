/**
 * An owner sees how far each contribution to its block is from what became of them. Who is more than four times as
 * far away as the middle one, over the whole block, did not learn that: a robust mean does not follow it far, and who
 * does so round after round is muted.
 */
import { fragmentLength, rowOf } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

const tolerance = 4;
/** With fewer contributors there is no middle to speak of. */
const least = 4;

export interface ContributionCheck {
  /** Owned fragment `index` has just been averaged. */
  averaged(slot: RoundSlot, index: number): void;
  /** The round is over: the seats that were too far away. */
  tooFar(slot: RoundSlot): readonly number[];
}

interface Distances {
  readonly squares: Float64Array;
  readonly values: Float64Array;
}

export function createContributionCheck(shape: SlotShape): ContributionCheck {
  const ofSlot = new WeakMap<RoundSlot, Distances>();

  function distancesOf(slot: RoundSlot): Distances {
    const { members } = slot.contributions;
    const known = ofSlot.get(slot) ?? {
      squares: new Float64Array(members),
      values: new Float64Array(members),
    };
    ofSlot.set(slot, known);
    return known;
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
    tooFar(slot) {
      const { squares, values } = distancesOf(slot);
      const seats = [...values.keys()].filter((seat) => (values[seat] ?? 0) > 0);
      if (seats.length < least) return [];
      const means = seats.map((seat) => Math.sqrt((squares[seat] ?? 0) / (values[seat] ?? 1)));
      const middle = means.toSorted((a, b) => a - b)[Math.floor(means.length / 2)] ?? 0;
      // Where most have learned nothing (newcomers), to have learned something is no lie.
      if (middle === 0) return [];
      return seats.filter((seat, at) => seat !== slot.seat && (means[at] ?? 0) > tolerance * middle);
    },
  };
}
