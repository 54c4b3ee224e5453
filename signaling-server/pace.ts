/**
 * Where the members are by now. Reports come once in one to eight seconds, rounds can be much shorter, and a view
 * must begin in a round that nobody has started: so the newest report is extrapolated and led by a second.
 */
import { mostReportMs } from "../shared/net/thin-reports.ts";

export interface Progress {
  readonly round: number;
  readonly atMs: number;
  /** Time of one round; undefined when not measured yet. */
  readonly cycleMs?: number | undefined;
}

const unknownCycleMs = 200;
/** A peer that has said nothing for longer, two seconds late at the least, is more likely stuck than at its old pace. */
const extrapolateAtMostMs = mostReportMs + 2_000;
const leadMs = 1_000;
/** A peer tells at once when its pace is another one by more than this (thin-reports.ts). */
const doubtfulShare = 1 / 4;
const maxLeadRounds = 100;

/** The first round of which `progress` lets us say that its peer has not begun it when the view arrives. */
export function safeRound(progress: Progress, nowMs: number): number {
  return (
    progress.round +
    Math.floor(elapsedMs(progress, nowMs) / cycleMsOf(progress)) +
    leadRounds(progress, nowMs)
  );
}

/**
 * The same for several peers that train together. They go in step: who claims to be further ahead of the
 * middle one than a lead is wrong, and must not put off the view for everybody.
 */
export function safeRoundOfAll(progresses: readonly Progress[], nowMs: number): number {
  const sorted = progresses
    .map((progress) => ({ round: safeRound(progress, nowMs), lead: leadRounds(progress, nowMs) }))
    .toSorted((a, b) => a.round - b.round);
  const middle = sorted[(sorted.length - 1) >> 1];
  return middle ? Math.min(sorted.at(-1)?.round ?? 0, middle.round + middle.lead) : 0;
}

const cycleMsOf = ({ cycleMs = unknownCycleMs }: Progress) => Math.max(1, cycleMs);

const elapsedMs = ({ atMs }: Progress, nowMs: number) => Math.min(nowMs - atMs, extrapolateAtMostMs);

function leadRounds(progress: Progress, nowMs: number): number {
  const ms = Math.max(leadMs, doubtfulShare * elapsedMs(progress, nowMs));
  return Math.min(2 + Math.ceil(ms / cycleMsOf(progress)), maxLeadRounds);
}

/** A peer that trained says to be in such a round: it did not stand still, a quarter of its pace is enough. */
export function hasGoneOn(then: Progress, round: number, nowMs: number): boolean {
  return round - then.round >= Math.floor((nowMs - then.atMs) / (4 * cycleMsOf(then)));
}
