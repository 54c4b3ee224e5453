import type { Clock } from "../../shared/core/clock.ts";

/** Real, monotonic time. A worker's timers keep their pace in a hidden tab; a page's do not. */
export const tabClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
