/**
 * How long a round waits. Two limits, both learned:
 *
 * - *grace*: once all but a few members are in, the last ones get this much longer. Steered (additive/
 *   multiplicative) by the share of fragments that came too late; half a percent is tolerated.
 * - *phase*: the deadline of a phase, whatever happens. It only counts when many are missing at once.
 *
 * Grace is measured from the moment the bulk is in and learns from what really came late, never from how
 * long rounds took: a limit that follows the round time it makes itself runs away (docs/design.md).
 */
export interface PatienceLimits {
  readonly initialMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly initialGraceMs: number;
  readonly minGraceMs: number;
  /** On a reliable channel silence means a retransmission and never a loss: nobody is given up for it. */
  readonly lossless?: boolean;
  /** Nobody is too slow to be waited for. */
  readonly boundless?: boolean;
}

export interface Patience {
  /** Deadline of one phase; a round has two. */
  readonly phaseMs: number;
  /** How much longer than the bulk the last ones get to scatter; twice that to gather. */
  readonly graceMs: number;
  readonly isBounded: boolean;
  /** After a round: were more members missing at its deadline than a few? */
  judgeRound(tooManyMissed: boolean): void;
  /** When a round is over for good: the share (0..1) of awaited fragments that came too late. */
  judgeLateness(lateShare: number): void;
}

/** Two seconds are enough for a slow start (compilation, a cold link) and little when peers are dead. */
const defaultPatience: PatienceLimits = {
  initialMs: 2_000,
  minMs: 1_000,
  maxMs: 10_000,
  initialGraceMs: 300,
  minGraceMs: 10,
};

/** No deadline but this one. */
export function boundlessPatience(ms: number): PatienceLimits {
  return { initialMs: ms, minMs: ms, maxMs: ms, initialGraceMs: ms, minGraceMs: ms, boundless: true };
}

/** For reliable channels: everything comes, only the dead are given up. */
export function reliablePatience(ms: number): PatienceLimits {
  return { ...boundlessPatience(ms), lossless: true };
}

const toleratedLateShare = 0.005;
/** In balance when 3 % of the rounds are late: growth^0.03 · decay^0.97 = 1. */
const growth = 1.25;
const decay = 0.993;

export function createPatience(limits: PatienceLimits = defaultPatience): Patience {
  let phaseMs = limits.initialMs;
  let graceMs = limits.initialGraceMs;
  return {
    get phaseMs() {
      return phaseMs;
    },
    get graceMs() {
      return graceMs;
    },
    isBounded: !limits.boundless,
    judgeRound(tooManyMissed) {
      phaseMs = within(phaseMs * (tooManyMissed ? 1.25 : 0.98), limits.minMs, limits.maxMs);
    },
    judgeLateness(lateShare) {
      const factor = lateShare > toleratedLateShare ? growth : decay;
      graceMs = within(graceMs * factor, limits.minGraceMs, limits.initialMs);
    },
  };
}

function within(ms: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, ms));
}
