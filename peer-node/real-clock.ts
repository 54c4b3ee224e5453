import type { Clock } from "../shared/core/clock.ts";

/** Real, monotonic time. */
export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
