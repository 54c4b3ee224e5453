/** How late this process's timers are at the most: by as much a round may miss its deadline on a busy machine. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { TestContext } from "node:test";

/** A timer's own grain. */
const grainMs = 2;

/** From now on. Returns what tells the longest lateness so far, in ms. */
export function watchLateness(t: TestContext): () => number {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  t.after(() => delay.disable());
  return () => delay.max / 1e6 + grainMs;
}
