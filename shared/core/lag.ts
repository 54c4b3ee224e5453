/** How late somebody usually is, and how much that varies: who is slow is late every time, who lost a packet is not. */
export interface Lag {
  /** Smoothed; negative when early. */
  ms: number;
  /** Mean distance of a single round's lag from that. */
  jitterMs: number;
}

/** The last few rounds count. */
const weight = 0.3;

export function noLag(): Lag {
  return { ms: 0, jitterMs: 0 };
}

export function noteLag(lag: Lag, ms: number): void {
  const surpriseMs = ms - lag.ms;
  lag.jitterMs += weight * (Math.abs(surpriseMs) - lag.jitterMs);
  lag.ms += weight * surpriseMs;
}
