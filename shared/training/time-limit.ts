/**
 * An end to waiting for what may never come: a GPU driver that hangs says nothing. A limit is waited for in
 * ticks: a machine that slept, or a page that was frozen, comes back to one late tick and not to a limit that
 * is long over.
 */
import type { Clock } from "../core/clock.ts";

const tickMs = 1_000;

/** @throws Error with `sentence` when `work` takes longer; what `work` does after that is ignored. */
export function within<T>(
  clock: Pick<Clock, "after">,
  limitMs: number,
  sentence: string,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel = (): void => undefined;
    const wait = (leftMs: number): void => {
      const next = () => (leftMs > tickMs ? wait(leftMs - tickMs) : reject(new Error(sentence)));
      cancel = clock.after(Math.min(leftMs, tickMs), next);
    };
    wait(limitMs);
    work.then(resolve, reject).finally(() => cancel());
  });
}
