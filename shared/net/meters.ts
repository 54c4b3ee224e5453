/** A peer's own figures: rates, quantiles, the loss curve. Fed by the loop, read by reports and screens. */
import type { RoundResult } from "../core/round.ts";
import type { Sketch } from "./messages.ts";
import type { LocalResult, Validation } from "../training/trainer.ts";

/** Enough for a p99 and for a sparkline. */
const remembered = 120;
const rateWindowMs = 5_000;
/** Peers come and go without end; this many are remembered as missed. */
const maxMissed = 128;

export interface ValidationFigure {
  readonly round: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface Meters {
  learned(local: LocalResult, now: number): void;
  averaged(result: RoundResult, now: number): void;
  validated(figure: ValidationFigure): void;
  sketched(sketch: Sketch): void;
  readonly loss: number | undefined;
  readonly losses: readonly number[];
  readonly samples: number;
  readonly validation: ValidationFigure | undefined;
  readonly sketch: Sketch | undefined;
  /** Rounds in which a peer was waited for in vain. */
  missed(peerId: string): number;
  samplesPerSecond(now: number): number;
  /** Quantile (0..1) of the time of one averaging, over the last rounds. */
  roundMs(quantile: number): number | undefined;
  /** Mean time from one finished round to the next. */
  readonly cycleMs: number | undefined;
}

export function createMeters(): Meters {
  const losses: number[] = [];
  const roundTimes: number[] = [];
  let work: { at: number; samples: number }[] = [];
  let samples = 0;
  let lastFinish: number | undefined;
  let cycleMs: number | undefined;
  let validation: ValidationFigure | undefined;
  let sketch: Sketch | undefined;
  const missed = new Map<string, number>();

  function noteMissed(peerId: string): void {
    const count = (missed.get(peerId) ?? 0) + 1;
    missed.delete(peerId); // so that the first one is who was missed longest ago
    missed.set(peerId, count);
    const [oldest] = missed.keys();
    if (missed.size > maxMissed && oldest !== undefined) missed.delete(oldest);
  }

  return {
    learned(local, now) {
      samples += local.samples;
      work = work.filter((entry) => entry.at > now - rateWindowMs);
      work.push({ at: now, samples: local.samples });
      if (Number.isFinite(local.loss)) keep(losses, local.loss);
    },
    averaged(result, now) {
      keep(roundTimes, result.roundMs);
      for (const peerId of result.missed) noteMissed(peerId);
      if (lastFinish !== undefined) cycleMs = smooth(cycleMs, now - lastFinish);
      lastFinish = now;
    },
    validated: (figure) => void (validation = figure),
    sketched: (newest) => void (sketch = newest),
    get loss() {
      return losses.at(-1);
    },
    losses,
    get samples() {
      return samples;
    },
    get validation() {
      return validation;
    },
    get sketch() {
      return sketch;
    },
    missed: (peerId) => missed.get(peerId) ?? 0,
    samplesPerSecond(now) {
      const recent = work.filter((entry) => entry.at > now - rateWindowMs);
      const since = recent[0]?.at ?? now;
      const done = recent.slice(1).reduce((sum, entry) => sum + entry.samples, 0);
      return now > since ? (1000 * done) / (now - since) : 0;
    },
    roundMs(quantile) {
      const sorted = roundTimes.toSorted((a, b) => a - b);
      return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))];
    },
    get cycleMs() {
      return cycleMs;
    },
  };
}

function keep(list: number[], value: number): void {
  list.push(value);
  if (list.length > remembered) list.shift();
}

function smooth(old: number | undefined, value: number): number {
  return old === undefined ? value : old + 0.1 * (value - old);
}

/**
 * Validates a little in every round, so that no round is late for it: `next` says which images are due,
 * `add` gives a figure once per pass. The model moves during a pass; the final figure of a run does not.
 */
export interface ValidationPass {
  next(atMost: number): { readonly from: number; readonly count: number } | undefined;
  add(validation: Validation, round: number): ValidationFigure | undefined;
}

export function createValidationPass(total: number): ValidationPass {
  let from = 0;
  let sum = { lossSum: 0, correct: 0, count: 0 };
  return {
    next(atMost) {
      const count = Math.min(atMost, total - from);
      return count > 0 ? { from, count } : undefined;
    },
    add(validation, round) {
      sum = {
        lossSum: sum.lossSum + validation.lossSum,
        correct: sum.correct + validation.correct,
        count: sum.count + validation.count,
      };
      from += validation.count;
      if (from < total) return undefined;
      const figure = figureOf(sum, round);
      from = 0;
      sum = { lossSum: 0, correct: 0, count: 0 };
      return figure;
    },
  };
}

export function figureOf(validation: Validation, round: number): ValidationFigure {
  return {
    round,
    loss: validation.lossSum / validation.count,
    accuracy: validation.correct / validation.count,
  };
}
