/** Real time for tests, and an end for every wait. */
import type { Clock } from "../../shared/core/clock.ts";

export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Settles as `promise` does, or rejects after `ms` with what was waited for. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = realClock.after(ms, () => reject(new Error(`${what}: nothing after ${ms} ms`)));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

export async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => realClock.after(ms, resolve));
}
