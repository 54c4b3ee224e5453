/**
 * Work that comes in crowds, a little for each turn of the event loop: whatever else has come in meanwhile is
 * done in between. Addresses take turns, so that a crowd from one keeps no other waiting.
 */
export interface Turns {
  /** Calls `run` when it is this address's turn. */
  wait(address: string, run: () => void, place?: "last" | "first"): void;
}

/**
 * A turn in which much else is done is long, and one piece for each would take a crowd that waits longer than
 * its patience: so pieces follow one another until they have taken as long as all else since the turn before.
 */
export interface Pace {
  /** Any clock, in milliseconds. */
  now(): number;
  /** Calls back in the same turn, after all that the piece before has set off: `queueMicrotask`. */
  nextPiece(run: () => void): void;
  /** For the pieces of one turn, however long all else has taken. */
  readonly mostMs: number;
}

/**
 * @param nextTurn calls back after the sockets that have something to say were heard: `setImmediate`
 * @param pace one piece for each turn, if absent
 */
export function createTurns(nextTurn: (run: () => void) => void, pace?: Pace): Turns {
  /** Only addresses for which something waits, the next one first. */
  const waiting = new Map<string, (() => void)[]>();
  /** A turn is due, or has begun. */
  let isDue = false;
  /** When the last turn's pieces were done; with nothing waiting since then, when something came. */
  let restMs = 0;

  function plan(): void {
    isDue = true;
    restMs = pace?.now() ?? 0;
    nextTurn(begin);
  }

  function begin(): void {
    const nowMs = pace?.now() ?? 0;
    take(nowMs + Math.min(pace?.mostMs ?? 0, nowMs - restMs));
  }

  function take(untilMs: number): void {
    const run = next();
    try {
      run?.();
    } finally {
      if (pace && waiting.size > 0 && pace.now() < untilMs) pace.nextPiece(() => take(untilMs));
      else if (waiting.size > 0) plan();
      else isDue = false;
    }
  }

  function next(): (() => void) | undefined {
    const [first] = waiting;
    if (!first) return undefined;
    const [address, runs] = first;
    waiting.delete(address);
    const run = runs.shift();
    if (runs.length > 0) waiting.set(address, runs);
    return run;
  }

  return {
    wait(address, run, place = "last") {
      const runs = waiting.get(address);
      if (!runs) waiting.set(address, [run]);
      else if (place === "first") runs.unshift(run);
      else runs.push(run);
      if (!isDue) plan();
    },
  };
}
