/** Allows `perSecond` events (or bytes) on average and bursts of `burst`. */
export interface TokenBucket {
  take(nowMs: number, count?: number): boolean;
  /** Takes what there is, `count` at most. */
  spend(nowMs: number, count: number): void;
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
    spend(nowMs, count) {
      fill(nowMs);
      tokens = Math.max(0, tokens - count);
    },
    grant: (count) => void (tokens += count),
  };
}
