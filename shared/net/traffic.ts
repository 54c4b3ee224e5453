/** Bytes per second out of counters that only grow, over about the last two seconds. */
import type { Clock } from "../core/clock.ts";

const windowMs = 2_000;

export interface Traffic {
  update(sentBytes: number, receivedBytes: number): { readonly up: number; readonly down: number };
}

export function createTraffic(clock: Pick<Clock, "now">): Traffic {
  let past: { readonly at: number; readonly sent: number; readonly received: number }[] = [];
  return {
    update(sent, received) {
      const at = clock.now();
      past = [...past.filter((entry) => entry.at > at - windowMs), { at, sent, received }];
      const first = past[0];
      const seconds = first ? (at - first.at) / 1000 : 0;
      if (!first || seconds === 0) return { up: 0, down: 0 };
      return { up: (sent - first.sent) / seconds, down: (received - first.received) / seconds };
    },
  };
}
