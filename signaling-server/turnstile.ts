/** Lets so many in at a time; so many more may wait. */
export interface Turnstile {
  /** Resolves when it is one's turn, with what to call at the end; undefined when too many wait. */
  enter(): Promise<() => void> | undefined;
}

export function createTurnstile(width: number, maxWaiting: number): Turnstile {
  let inside = 0;
  const waiting: (() => void)[] = [];

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else inside -= 1;
  }

  function once(): () => void {
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  }

  return {
    enter() {
      if (inside < width) {
        inside += 1;
        return Promise.resolve(once());
      }
      if (waiting.length >= maxWaiting) return undefined;
      return new Promise<void>((resolve) => waiting.push(resolve)).then(once);
    },
  };
}
