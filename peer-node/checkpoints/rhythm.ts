/**
 * When a checkpoint is due. Rounds that all peers choose alike, multiples of one number, so that after a
 * restart they come with the same round; where the rhythm is a time, that number is the largest power of two
 * of rounds that fit into it.
 */
import type { Option } from "../cli-options.ts";

export type Rhythm = { readonly rounds: number } | { readonly ms: number };

export const defaultRhythm: Rhythm = { ms: 60_000 };
const maxRounds = 1_000_000_000;
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };
const maxMs = 7 * 24 * 3_600_000;

/** For the command line: `100` rounds, or `30s`, `5m`, `2h`. */
export function rhythmOption(placeholder: string, help: string): Option<Rhythm> {
  return {
    placeholder,
    help,
    read(texts) {
      const [, digits = "", unit = ""] = /^(\d{1,10})([smh]?)$/.exec(texts.at(-1) ?? "") ?? [];
      const [count, ms] = [Number(digits), Number(digits) * (unitMs[unit] ?? 0)];
      if (digits !== "" && unit === "" && count >= 1 && count <= maxRounds) return { rounds: count };
      if (ms >= 1_000 && ms <= maxMs) return { ms };
      throw new Error("a number of rounds (100), or a time up to a week (30s, 5m, 2h)");
    },
  };
}

export function inWords(rhythm: Rhythm): string {
  if ("rounds" in rhythm) return rhythm.rounds === 1 ? "every round" : `every ${rhythm.rounds} rounds`;
  const whole = Object.entries(unitMs).filter(([, ms]) => rhythm.ms % ms === 0);
  const [unit, ms] = whole.at(-1) ?? ["ms", 1];
  return `every ${rhythm.ms / ms}${unit}`;
}

/** Of some moment in a run. */
export interface Mark {
  readonly round: number;
  readonly atMs: number;
}

/** `last`: the newest checkpoint, or the beginning. `before`: when this was asked last. */
export function isDue(rhythm: Rhythm, last: Mark, before: Mark, now: Mark): boolean {
  const passes = (every: number) => Math.floor(now.round / every) > Math.floor(before.round / every);
  if ("rounds" in rhythm) return passes(rhythm.rounds);
  const elapsedMs = now.atMs - last.atMs;
  if (elapsedMs >= rhythm.ms) return true;
  // Rounds that grow shorter must not make checkpoints come one upon the other.
  if (elapsedMs < rhythm.ms / 4) return false;
  const fitting = (rhythm.ms * Math.max(1, now.round - last.round)) / elapsedMs;
  return passes(2 ** Math.max(0, Math.floor(Math.log2(fitting))));
}
