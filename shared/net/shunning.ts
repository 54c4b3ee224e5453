/** Whose links we closed because of what came over them: for a while we neither dial nor answer them. */
import type { Clock } from "../core/clock.ts";

const shunMs = 60_000;
/** More than a room has; the oldest are forgotten. */
const most = 64;

export interface Shunning {
  shun(peerId: string): void;
  isShunned(peerId: string): boolean;
}

export function createShunning(clock: Clock): Shunning {
  const until = new Map<string, number>();
  return {
    shun(peerId) {
      until.delete(peerId);
      until.set(peerId, clock.now() + shunMs);
      const [oldest] = until.keys();
      if (until.size > most && oldest !== undefined) until.delete(oldest);
    },
    isShunned: (peerId) => clock.now() < (until.get(peerId) ?? -Infinity),
  };
}
