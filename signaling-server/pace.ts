/**
 * Where the members are by now. Reports come about once a second, rounds can be much shorter, and a view
 * must begin in a round that nobody has started: so the newest report is extrapolated and led by a second.
 */
export interface Progress {
  readonly round: number;
  readonly atMs: number;
  /** Time of one round; undefined when not measured yet. */
  readonly cycleMs?: number | undefined;
}

const unknownCycleMs = 200;
/** A peer that has said nothing for longer is more likely stuck than still at its old pace. */
const extrapolateAtMostMs = 5_000;
const leadMs = 1_000;
const maxLeadRounds = 100;

/** The first round of which `progress` lets us say that its peer has not begun it when the view arrives. */
export function safeRound(progress: Progress, nowMs: number): number {
  const cycleMs = Math.max(1, progress.cycleMs ?? unknownCycleMs);
  const elapsedMs = Math.min(nowMs - progress.atMs, extrapolateAtMostMs);
  const lead = Math.min(2 + Math.ceil(leadMs / cycleMs), maxLeadRounds);
  return progress.round + Math.floor(elapsedMs / cycleMs) + lead;
}
