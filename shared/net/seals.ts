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
import { isKeyOf, isSigned } from "./signing-key.ts";
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
  isTold: boolean;
}

/** A signature takes a millisecond to check: redials and lanes need fewer of them. */
const checksPerSecond = 5;
const checksAtOnce = 50;

export function createSeals(options: {
  readonly signingKey: SigningKey;
  readonly room: string;
  readonly clock: Pick<Clock, "now">;
  /** Somebody spoke in this peer's name: the first time. */
  readonly onForged: (peerId: string) => void;
}): Seals {
  const { signingKey, room, clock } = options;
  const self = signingKey.peerId;
  const senders = new Map<string, Known>();
  let refused = 0;

  /** The newest of them are remembered. */
  function sender(from: string): Known {
    const known = senders.get(from) ?? {
      checks: createTokenBucket(checksPerSecond, checksAtOnce),
      isTold: false,
    };
    senders.delete(from);
    senders.set(from, known);
    const [oldest] = senders.keys();
    if (senders.size > 4 * limits.membersPerRoom && oldest !== undefined) senders.delete(oldest);
    return known;
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
      const mayCheck = isKeyOf(from, key) && sender(from).checks.take(clock.now());
      return mayCheck && isSigned(words, { key, signature }) ? signal : refuse(from);
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
