/** How late somebody usually is, and how much that varies: who is slow is late every time, who lost a packet is not. */
export interface Lag {
  /** Smoothed; negative when early. */
  ms: number;
  /** Mean distance of a single round's lag from that. */
  jitterMs: number;
}

export function noLag(): Lag {
  return { ms: 0, jitterMs: 0 };
}

/** @param weight of this round (0 … 1): 0.3 remembers a few rounds, 0.1 ten */
export function noteLag(lag: Lag, ms: number, weight: number): void {
  const surpriseMs = ms - lag.ms;
  lag.jitterMs += weight * (Math.abs(surpriseMs) - lag.jitterMs);
  lag.ms += weight * surpriseMs;
}
