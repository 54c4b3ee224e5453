/** Allows `perSecond` events (or bytes) on average and bursts of `burst`. */
export interface TokenBucket {
  take(nowMs: number, count?: number): boolean;
  /** Takes `count` in any case, also what there is not: that is owed, `debt` at most. */
  spend(nowMs: number, count: number, debt: number): void;
  /** The part of the burst that is gone: 0 to 1, more where something is owed. */
  usedShare(nowMs: number): number;
  /** More than the average, once. */
  grant(count: number): void;
}

export function createTokenBucket(perSecond: number, burst: number): TokenBucket {
  let tokens = burst;
  let filledAtMs: number | null = null;

  function fill(nowMs: number): void {
    // What was granted may stand above the burst.
    const filled = tokens + ((nowMs - (filledAtMs ?? nowMs)) * perSecond) / 1000;
    tokens = Math.max(tokens, Math.min(burst, filled));
    filledAtMs = nowMs;
  }

  return {
    take(nowMs, count = 1) {
      fill(nowMs);
      if (tokens < count) return false;
      tokens -= count;
      return true;
    },
    spend(nowMs, count, debt) {
      fill(nowMs);
      tokens = Math.max(Math.min(tokens, -debt), tokens - count);
    },
    usedShare(nowMs) {
      fill(nowMs);
      return Math.max(0, 1 - tokens / burst);
    },
    grant: (count) => void (tokens += count),
  };
}
