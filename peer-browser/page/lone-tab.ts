/** One tab per browser trains: a second would only share the same processor. */

const lockName = "shoal";

export interface Turn {
  /** Another tab may train. */
  end(): void;
}

/** Our turn at once, or undefined when another tab has it. */
export function takeTurn(): Promise<Turn | undefined> {
  return request({ ifAvailable: true });
}

/** Our turn when the other tab is gone; undefined when `signal` says that nobody waits for it any more. */
export function awaitTurn(signal: AbortSignal): Promise<Turn | undefined> {
  return request({ signal });
}

function request(options: LockOptions): Promise<Turn | undefined> {
  // Pages without TLS (but for localhost) have no locks: there a second tab is slow, not wrong.
  if (!("locks" in navigator)) return Promise.resolve({ end() {} });
  return new Promise((resolve) => {
    const held = (lock: Lock | null) => {
      if (!lock) return resolve(undefined);
      return new Promise<void>((end) => resolve({ end }));
    };
    navigator.locks.request(lockName, options, held).catch(() => resolve(undefined));
  });
}
