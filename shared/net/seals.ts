/**
 * Offers and answers are signed by the peer that makes them: they name the certificate that it will show
 * (DTLS fingerprint), so that who relays them, the signaling server for one, cannot put itself in between.
 */
import type { Clock } from "../core/clock.ts";
import { createTokenBucket } from "../core/token-bucket.ts";
import type { TokenBucket } from "../core/token-bucket.ts";
import type { Signal } from "./link.ts";
import { limits } from "./messages.ts";
import type { SignalMessage } from "./messages.ts";
import { isKeyOf } from "./signing-key.ts";
import type { SigningKey } from "./signing-key.ts";

export type SealedSignal = SignalMessage["data"];

export interface Seals {
  seal(to: string, attempt: string, signal: Signal): SealedSignal;
  /** The signal, if it is what `from` signed for us; candidates carry no certificate and no signature. */
  open(from: string, attempt: string, sealed: SealedSignal): Signal | undefined;
  /** Offers and answers that were not. */
  readonly refused: number;
}

interface Known {
  readonly checks: TokenBucket;
  /** As long as it is no member. */
  readonly first: TokenBucket;
  isTold: boolean;
}

/** A signature takes a millisecond to check, and its offer makes a connection: redials and lanes need fewer. */
const checksPerSecond = 5;
const checksAtOnce = 50;
/** Of who is no member, which every new id is: one connection, and a few redials. */
const firstPerSecond = 1;
const firstAtOnce = 20;
/** Of all of those together: more than the seats of one address can ask for. */
const strangersPerSecond = 20;
const strangersAtOnce = 400;

export function createSeals(options: {
  readonly signingKey: SigningKey;
  readonly room: string;
  readonly clock: Pick<Clock, "now">;
  readonly isMember: (peerId: string) => boolean;
  /** Somebody spoke in this peer's name: the first time. */
  readonly onForged: (peerId: string) => void;
}): Seals {
  const { signingKey, room, clock } = options;
  const self = signingKey.peerId;
  const senders = new Map<string, Known>();
  const strangers = createTokenBucket(strangersPerSecond, strangersAtOnce);
  let refused = 0;

  /** The newest of them are remembered. */
  function sender(from: string): Known {
    const known = senders.get(from) ?? {
      checks: createTokenBucket(checksPerSecond, checksAtOnce),
      first: createTokenBucket(firstPerSecond, firstAtOnce),
      isTold: false,
    };
    senders.delete(from);
    senders.set(from, known);
    const [oldest] = senders.keys();
    if (senders.size > 4 * limits.membersPerRoom && oldest !== undefined) senders.delete(oldest);
    return known;
  }

  function mayCheck(from: string): boolean {
    const now = clock.now();
    const { checks, first } = sender(from);
    return options.isMember(from) ? checks.take(now) : first.take(now) && strangers.take(now);
  }

  function refuse(from: string): undefined {
    refused += 1;
    const known = sender(from);
    if (!known.isTold) options.onForged(from);
    known.isTold = true;
  }

  return {
    get refused() {
      return refused;
    },
    seal(to, attempt, signal) {
      if (signal.type === "candidate") return signal;
      const words = wordsOf({ room, from: self, to, attempt, signal });
      return { ...signal, key: signingKey.key, signature: signingKey.sign(words) };
    },
    open(from, attempt, sealed) {
      if (sealed.type === "candidate") return sealed;
      const { key, signature, ...signal } = sealed;
      const words = wordsOf({ room, from, to: self, attempt, signal });
      if (!isKeyOf(from, key)) return refuse(from);
      if (!mayCheck(from)) return undefined; // no forgery, as far as we know: it tries again
      return signingKey.isSigned(words, { key, signature }) ? signal : refuse(from);
    },
  };
}

interface Said {
  readonly room: string;
  readonly from: string;
  readonly to: string;
  readonly attempt: string;
  readonly signal: Extract<Signal, { readonly sdp: string }>;
}

/** JSON, so that no field can run into the next. The whole description is signed, fingerprint and all. */
function wordsOf({ room, from, to, attempt, signal: { type, sdp, lane = 0 } }: Said): string {
  return JSON.stringify(["shoal signal", room, from, to, attempt, lane, type, sdp]);
}
