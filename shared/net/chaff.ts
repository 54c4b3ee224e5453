/**
 * Packets that count for nothing: of rounds and views that are not ours, or of a sender that is muted. Honest peers
 * send them as well, whole rounds of them at the speed of their line to a peer that fell behind or does not know the
 * newest view yet; but those are full, but for the last one of a block. What nobody honest sends is a crowd of small
 * ones, each of which costs us as much as a full one and its sender nothing. So a packet is charged what it lacks to
 * a full one, and whoever exceeds what rounds of 2 ms could bring goes.
 */
import { maxPacketBytes } from "../core/packet.ts";
import { createTokenBucket } from "../core/token-bucket.ts";
import type { TokenBucket } from "../core/token-bucket.ts";

/** Of empty packets; of full ones it is 190 times as many. */
const chaffPerSecond = 2_000;
const chaffBurst = 20_000;

export interface Chaff {
  /** False when this was one too many. */
  allows(peerId: string, bytes: number, now: number): boolean;
  /** Its link is closed. */
  forget(peerId: string): void;
}

export function createChaff(): Chaff {
  const buckets = new Map<string, TokenBucket>();
  return {
    allows(peerId, bytes, now) {
      const bucket = buckets.get(peerId) ?? createTokenBucket(chaffPerSecond, chaffBurst);
      buckets.set(peerId, bucket);
      return bucket.take(now, Math.max(0, 1 - bytes / maxPacketBytes));
    },
    forget: (peerId) => void buckets.delete(peerId),
  };
}
