/** How far some trainings are, and how long the rest takes: as long as what was done since the start took. */

export interface Pace {
  readonly done: number;
  readonly total: number;
  /** So many more rounds are done. */
  did(rounds: number): void;
  /** So many need not be done: they are of an earlier start, or another process did them. */
  skip(rounds: number): void;
  /** Infinity as long as nothing is done. */
  leftMs(): number;
}

export function createPace(rounds: number, now: () => number = () => performance.now()): Pace {
  const begunMs = now();
  let [done, total] = [0, rounds];
  return {
    get done() {
      return done;
    },
    get total() {
      return total;
    },
    did: (more) => void (done += more),
    skip: (fewer) => void (total -= fewer),
    leftMs: () => (done > 0 ? ((now() - begunMs) * (total - done)) / done : Infinity),
  };
}
