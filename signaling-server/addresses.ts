/**
 * What one address may do: so many sockets open at once, so many new ones a second, so many requests. In
 * memory only, and forgotten when there is nothing to remember. A proxy has to say whom it speaks for (client-address.ts).
 */
import { createTokenBucket } from "../shared/core/token-bucket.ts";
import type { TokenBucket } from "../shared/core/token-bucket.ts";

export interface Addresses {
  /** Undefined: not one more from there. Otherwise what to call when the socket is gone. */
  admit(address: string): (() => void) | undefined;
  /**
   * A socket of this address had to be thrown out, or is gone and has used this share of what it might use at
   * once: the next ones are let in more slowly.
   */
  charge(address: string, share?: number): void;
  /** One more HTTP request. */
  mayAsk(address: string): boolean;
}

export interface AddressLimits {
  readonly socketsPerAddress: number;
}

/** A school or a company is one address, and its peers come back all at once after a restart. */
const newSocketsPerSecond = 50;
/** New sockets that one counts as which was thrown out, or has used all but that. */
const usedUpCost = 64;
/** New sockets that an address may owe: so that a crowd which comes and goes pays for most of what it used. */
const maxDebt = 4_096;
/** A class that opens the join page at once: two dozen files for each tab, and what its peer reads after that. */
const requestsPerSecond = 256;
const requestBurst = 8_192;
/** Remembered at once; those with open sockets are fewer than sockets. */
const maxAddresses = 20_000;

interface Entry {
  open: number;
  readonly bucket: TokenBucket;
  /** With its first request. */
  requests?: TokenBucket;
}

export function createAddresses({ socketsPerAddress }: AddressLimits, now: () => number): Addresses {
  const known = new Map<string, Entry>();

  function entryOf(address: string): Entry {
    const found = known.get(address);
    if (found) return found;
    if (known.size >= maxAddresses) forgetIdle();
    const entry: Entry = { open: 0, bucket: createTokenBucket(newSocketsPerSecond, 2 * socketsPerAddress) };
    known.set(address, entry);
    return entry;
  }

  function forgetIdle(): void {
    for (const [address, { open }] of known) if (open === 0) known.delete(address);
  }

  return {
    admit(address) {
      const entry = entryOf(address);
      if (entry.open >= socketsPerAddress || !entry.bucket.take(now())) return undefined;
      entry.open += 1;
      let isOpen = true;
      return () => {
        if (isOpen) entry.open -= 1;
        isOpen = false;
      };
    },
    charge: (address, share = 1) =>
      entryOf(address).bucket.spend(now(), usedUpCost * Math.min(1, share), maxDebt),
    mayAsk(address) {
      const entry = entryOf(address);
      entry.requests ??= createTokenBucket(requestsPerSecond, requestBurst);
      return entry.requests.take(now());
    },
  };
}
