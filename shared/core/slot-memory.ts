/**
 * The large arrays of rounds that are over, lent to the rounds to come: a model of some millions of values
 * would else have the machine fetch and clear that much fresh memory two times a round.
 */
export interface SlotMemory {
  /** So many values, whatever they were: a slot says itself which of its values count. */
  take(length: number): Float32Array;
  /** Nobody may look at it any more. */
  give(array: Float32Array): void;
}

/** Two arrays for each of the three rounds that are held at most. */
const most = 6;

export function createSlotMemory(): SlotMemory {
  const idle: Float32Array[] = [];
  return {
    take(length) {
      const at = idle.findIndex((array) => array.length === length);
      const [found] = at < 0 ? [] : idle.splice(at, 1);
      if (found) return found;
      // The oldest may be of a view that had other blocks: it makes room.
      idle.shift();
      return new Float32Array(length);
    },
    give(array) {
      idle.push(array);
      if (idle.length > most) idle.shift();
    },
  };
}
