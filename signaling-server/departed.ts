/** What peers that left find again when they come back: of so many of them, those that left last. */
import type { TokenBucket } from "../shared/core/token-bucket.ts";
import type { LinkReport } from "../shared/net/messages.ts";

export interface Departed {
  readonly shard: number;
  readonly links: readonly LinkReport[];
  readonly turns: TokenBucket;
}

const maxRemembered = 512;

export function createDeparted(onForgotten: (peerId: string) => void) {
  const remembered = new Map<string, Departed>();
  return {
    has: (peerId: string) => remembered.has(peerId),
    get: (peerId: string) => remembered.get(peerId),
    add(peerId: string, departed: Departed): void {
      remembered.delete(peerId);
      remembered.set(peerId, departed);
      const [oldest] = remembered.keys();
      if (remembered.size <= maxRemembered || oldest === undefined) return;
      remembered.delete(oldest);
      onForgotten(oldest);
    },
  };
}
