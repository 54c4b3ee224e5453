/**
 * A run that broke off begins again by itself: nobody sits before a tab that was left to train. Each try that comes
 * to nothing doubles the wait for the next one.
 */
const firstMs = 15_000;
const longestMs = 300_000;
/** A run that went on for so long was no vain try. */
const steadyMs = 60_000;

export interface Retry {
  /** @returns milliseconds until `begin` is called */
  after(ranMs: number): number;
  cancel(): void;
}

export function createRetry(begin: () => void): Retry {
  let waitMs = firstMs;
  let timer: ReturnType<typeof setTimeout> | undefined;

  return {
    after(ranMs) {
      if (ranMs >= steadyMs) waitMs = firstMs;
      const nowMs = waitMs;
      clearTimeout(timer);
      timer = setTimeout(begin, nowMs);
      waitMs = Math.min(longestMs, 2 * waitMs);
      return nowMs;
    },
    cancel: () => clearTimeout(timer),
  };
}
