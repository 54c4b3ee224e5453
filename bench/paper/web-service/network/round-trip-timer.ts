/** The retransmission timer of RFC 6298, with a smallest value of our choice. */
import type { Clock } from "../../../../shared/core/clock.ts";

export interface RoundTripTimer {
  measured(roundTripMs: number): void;
  /** (Re)starts it. */
  start(): void;
  stop(): void;
}

const maxBackoff = 64;

export function createRoundTripTimer(time: Clock, minRtoMs: number, onExpiry: () => void): RoundTripTimer {
  let smoothed: number | undefined;
  let variation = 0;
  let backoff = 1;
  let deadline = Infinity;
  let wakesAt = Infinity;
  let cancel: () => void = () => undefined;

  function measured(roundTripMs: number): void {
    backoff = 1;
    if (smoothed === undefined) {
      smoothed = roundTripMs;
      variation = roundTripMs / 2;
      return;
    }
    variation += (Math.abs(roundTripMs - smoothed) - variation) / 4;
    smoothed += (roundTripMs - smoothed) / 8;
  }

  function start(): void {
    deadline = time.now() + Math.max(minRtoMs, (smoothed ?? 0) + 4 * variation) * backoff;
    // Most restarts only move the deadline back: one wake-up serves many of them.
    if (deadline < wakesAt) wakeAt(deadline);
  }

  function wakeAt(ms: number): void {
    cancel();
    wakesAt = ms;
    cancel = time.after(ms - time.now(), wake);
  }

  function wake(): void {
    wakesAt = Infinity;
    if (deadline > time.now()) return wakeAt(deadline);
    backoff = Math.min(backoff * 2, maxBackoff);
    onExpiry();
  }

  function stop(): void {
    cancel();
    [deadline, wakesAt] = [Infinity, Infinity];
  }

  return { measured, start, stop };
}
