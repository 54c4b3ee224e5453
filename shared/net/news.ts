/** A wait that news cut short: one waiter at a time, and never for ever. */
import type { Clock } from "../core/clock.ts";

export interface News {
  /** Resolves at the next news, and after `ms` at the latest. */
  wait(ms: number): Promise<void>;
  /** Looks at every news, and once a second. */
  until(done: () => boolean): Promise<void>;
  tell(): void;
}

export function createNews(clock: Clock): News {
  let wake: () => void = () => undefined;

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, done);
      function done(): void {
        cancel();
        wake = () => undefined;
        resolve();
      }
      wake = done;
    });
  }

  return {
    wait,
    async until(done) {
      while (!done()) await wait(1_000);
    },
    tell: () => wake(),
  };
}
