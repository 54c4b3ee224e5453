/**
 * What one sender owes us in one phase of a round, what has come, and whether anything more can come.
 * Loss is detected, not waited for: once the sender has said that it is through (its last packet, a
 * packet of a later phase, or the reliable end marker) and nothing has come for a short quiet time, the rest is lost.
 */
export interface Inflow {
  expected: number;
  /** Fragments that came in time. */
  got: number;
  /** Fragments that came after their phase had closed. */
  late: number;
  rejected: number;
  duplicates: number;
  firstAt: number;
  lastAt: number;
  /** When we learned that the sender had handed out its last packet, whether or not that one arrived; -1 before. */
  throughAt: number;
  /** What the end marker says was sent; -1 before it came. */
  markedSent: number;
  markedAt: number;
  /** When nothing more was waited for; -1 while it is. */
  settledAt: number;
  /** Settled because the deadline passed. */
  missed: boolean;
}

export function createInflow(expected: number): Inflow {
  return {
    expected,
    got: 0,
    late: 0,
    rejected: 0,
    duplicates: 0,
    firstAt: -1,
    lastAt: -1,
    throughAt: -1,
    markedSent: -1,
    markedAt: -1,
    settledAt: -1,
    missed: false,
  };
}

export function isComplete(inflow: Inflow): boolean {
  if (inflow.got >= inflow.expected) return true;
  return inflow.markedSent >= 0 && inflow.got >= inflow.markedSent;
}

/** When an unsettled inflow counts as over, if nothing comes before; Infinity while the sender is not through. */
export function quietAt(inflow: Inflow, quietMs: number): number {
  if (inflow.markedSent < 0 && inflow.throughAt < 0) return Infinity;
  return Math.max(inflow.lastAt, inflow.markedAt, inflow.throughAt) + quietMs;
}

/** A sender scatters without a pause, so that a longer silence after the first packet says that it is through. */
export function quietScatterAt(inflow: Inflow, quietMs: number): number {
  const pauseAt = inflow.got > 0 ? inflow.lastAt + (inflow.lastAt - inflow.firstAt) + 3 * quietMs : Infinity;
  return Math.min(pauseAt, quietAt(inflow, quietMs));
}

/** A packet of a later phase or round has come: a sender takes them in order, so it is through with this one. */
export function noteThrough(inflow: Inflow | undefined, now: number): void {
  if (inflow && inflow.throughAt < 0) inflow.throughAt = now;
}

/** The last packets of a phase follow each other so closely that any of them announces the end. */
export function tailLength(inflow: Inflow): number {
  return inflow.expected >= 8 ? 2 : 0;
}
