/** Waits that end, on whatever clock. */
import type { Clock } from "../core/clock.ts";

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** Leaves no timer behind: a process must not outlive its run for it. */
export async function doneOrLate(clock: Clock, done: Promise<void>, ms: number): Promise<void> {
  let cancel = (): void => undefined;
  const late = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  await Promise.race([done, late]);
  cancel();
}
