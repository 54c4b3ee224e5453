/**
 * Local work is sized by time: a peer that begins its rounds later than the others learns from fewer
 * samples, so that it is in time; it goes back to the task's amount as far as it can keep up. The round
 * machine's `lagMs` is the only input: no clock is compared between machines.
 */
import { noLag, noteLag } from "./lag.ts";

export interface Pace {
  /** Samples to learn from in the next round. */
  readonly samples: number;
  /** From one round's beginning to the next one's: who does a share of the work has the rest of the time off. */
  leastCycleMs(trainMs: number): number;
  /** Does no more than this share of the task's amount, from the next round on; one sample at least. */
  setShare(share: number): void;
  /** After a round: how long the learning took and how far behind the others we began (if known). */
  update(outcome: {
    readonly trainMs: number;
    readonly samples: number;
    readonly lagMs: number | undefined;
    /** How long the averaging took. */
    readonly roundMs?: number;
  }): void;
  /** The others were rounds further when we had learned: nothing of it counted. */
  fellBehind(): void;
}

/** Of a round's lag: the last few count. */
const weight = 0.3;
/** A lag below this share of the whole round is noise. */
const tolerance = 0.08;
const minToleranceMs = 3;
/**
 * Where packets get lost, members end a round at quite different times. Learning that takes less than this
 * share of the averaging is not the reason for any lag, and to learn less would cure nothing.
 */
const blamelessShare = 0.5;
/** However small the share. */
const longestCycleMs = 5_000;

export function createPace(work: { samplesPerRound: number } | { secondsPerRound: number }): Pace {
  let nominal = "samplesPerRound" in work ? work.samplesPerRound : 1;
  let share = 1;
  let samples = nominal;
  const lag = noLag();

  function update(outcome: Parameters<Pace["update"]>[0]): void {
    const msPerSample = outcome.trainMs / Math.max(1, outcome.samples);
    if ("secondsPerRound" in work)
      nominal = Math.max(1, (work.secondsPerRound * 1000) / Math.max(msPerSample, 1e-6));
    noteLag(lag, outcome.lagMs ?? 0, weight);
    const usualMs = tolerance * (outcome.trainMs + (outcome.roundMs ?? 0));
    const isNoise = lag.ms <= Math.max(minToleranceMs, usualMs, lag.jitterMs);
    const isToBlame = outcome.trainMs >= blamelessShare * (outcome.roundMs ?? 0);
    if (!isNoise && isToBlame) slowDown(msPerSample);
    else samples = Math.min(share * nominal, samples + growth(msPerSample));
  }

  /** How far is not known, and nothing that is too late is worth anything. */
  function fellBehind(): void {
    samples = Math.max(1, samples / 2);
  }

  function slowDown(msPerSample: number): void {
    const tooMany = lag.ms / Math.max(msPerSample, 1e-6);
    samples = Math.max(1, samples / 2, samples - 0.7 * tooMany);
    lag.ms *= 0.5;
  }

  /** As much as we were early, and a little more to find out whether more is possible. */
  function growth(msPerSample: number): number {
    const earlyBy = (0.3 * Math.max(0, -lag.ms)) / Math.max(msPerSample, 1e-6);
    return Math.min(0.1 * nominal, earlyBy) + 0.005 * nominal;
  }

  return {
    get samples() {
      return Math.max(1, Math.round(samples));
    },
    leastCycleMs: (trainMs) => (share < 1 ? Math.min(trainMs / share, longestCycleMs) : 0),
    setShare(next) {
      const wanted = Math.min(1, Math.max(0, next));
      // At once, and not by the small steps in which a slow peer finds out what it can do.
      samples = share > 0 ? (samples * wanted) / share : wanted * nominal;
      share = wanted;
    },
    update,
    fellBehind,
  };
}
