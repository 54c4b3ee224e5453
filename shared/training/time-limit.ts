/** An end to waiting for what may never come: a GPU driver that hangs says nothing. */
import type { Clock } from "../core/clock.ts";

/** @throws Error with `sentence` when `work` takes longer; what `work` does after that is ignored. */
export function within<T>(
  clock: Pick<Clock, "after">,
  limitMs: number,
  sentence: string,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => reject(new Error(sentence)));
    work.then(resolve, reject).finally(cancel);
  });
}
