/**
 * How often peers of one address come into one room. Every join costs all who are there a connection and the check
 * of a signature, and their own limits are for one id each: whoever comes again and again under new ones would
 * have none. This machine's own programs are not counted, as with seats (seat-shares.ts).
 */
import { createTokenBucket } from "../shared/core/token-bucket.ts";
import type { TokenBucket } from "../shared/core/token-bucket.ts";

export interface JoinRates {
  /** @param isKnown it was there before, and has proven that it is the same one */
  mayJoin(room: string, address: string, isKnown: boolean): boolean;
}

/** A school class, and whoever starts anew after that. */
const newcomersPerSecond = 1;
const newcomerBurst = 32;
/** Peers that lose the server try again every 4 s at the least; refused, they would end. */
const returnsPerSecond = 8;
const returnBurst = 64;
/** Pairs of a room and an address that are remembered. */
const maxPairs = 20_000;

interface Pair {
  readonly newcomers: TokenBucket;
  readonly returns: TokenBucket;
}

export function createJoinRates(isExempt: (address: string) => boolean, now: () => number): JoinRates {
  /** By "room address", those that were made last at the end. */
  const pairs = new Map<string, Pair>();

  function pairOf(key: string): Pair {
    const found = pairs.get(key);
    if (found) return found;
    const [oldest] = pairs.keys();
    if (pairs.size >= maxPairs && oldest !== undefined) pairs.delete(oldest);
    const newcomers = createTokenBucket(newcomersPerSecond, newcomerBurst);
    const pair = { newcomers, returns: createTokenBucket(returnsPerSecond, returnBurst) };
    pairs.set(key, pair);
    return pair;
  }

  return {
    mayJoin(room, address, isKnown) {
      if (isExempt(address)) return true;
      const { newcomers, returns } = pairOf(`${room} ${address}`);
      return (isKnown ? returns : newcomers).take(now());
    },
  };
}
