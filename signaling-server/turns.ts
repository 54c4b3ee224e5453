/**
 * Work that comes in crowds, one piece for each turn of the event loop: whatever else has come in meanwhile is
 * done in between. Addresses take turns, so that a crowd from one keeps no other waiting.
 */
export interface Turns {
  /** Calls `run` when it is this address's turn. */
  wait(address: string, run: () => void, place?: "last" | "first"): void;
}

/** @param nextTurn calls back after the sockets that have something to say were heard: `setImmediate` */
export function createTurns(nextTurn: (run: () => void) => void): Turns {
  /** Only addresses for which something waits, the next one first. */
  const waiting = new Map<string, (() => void)[]>();

  function take(): void {
    const [next] = waiting;
    if (!next) return;
    const [address, runs] = next;
    waiting.delete(address);
    const run = runs.shift();
    if (runs.length > 0) waiting.set(address, runs);
    if (waiting.size > 0) nextTurn(take);
    run?.();
  }

  return {
    wait(address, run, place = "last") {
      if (waiting.size === 0) nextTurn(take);
      const runs = waiting.get(address);
      if (!runs) waiting.set(address, [run]);
      else if (place === "first") runs.unshift(run);
      else runs.push(run);
    },
  };
}
