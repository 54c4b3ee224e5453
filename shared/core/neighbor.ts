/** What a peer remembers of another one from round to round. */
import { noDrops } from "./drops.ts";
import type { Drops } from "./drops.ts";
import { minQuietMs, maxQuietMs, initialQuietMs } from "./constants.ts";

/** Fragments over one link since it opened. */
export interface LinkCounts {
  /** Handed to the channel. */
  sent: number;
  /** Arrived and counted. */
  received: number;
  /** Came twice; the first one counted. */
  duplicates: number;
  readonly drops: Drops;
}

export interface Neighbor {
  readonly peerId: string;
  connected: boolean;
  /** Wants our gathers without being a member. */
  listening: boolean;
  /** Rounds wait for this peer. Not after it made one run into its deadline, until it is on time again. */
  awaited: boolean;
  onTimeRounds: number;
  /** Rounds in a row that this peer made run into their deadline. */
  missedRounds: number;
  /** Silence after which a sender that is through is believed to be. */
  quietMs: number;
  newestRound: number;
  readonly counts: LinkCounts;
}

export function createNeighbor(peerId: string): Neighbor {
  return {
    peerId,
    connected: false,
    listening: false,
    awaited: true,
    onTimeRounds: 0,
    missedRounds: 0,
    quietMs: initialQuietMs,
    newestRound: -1,
    counts: { sent: 0, received: 0, duplicates: 0, drops: noDrops() },
  };
}

/** A fragment came `latenessMs` after it was given up: be that patient from now on. */
export function learnLateness(neighbor: Neighbor, latenessMs: number): void {
  const wanted = neighbor.quietMs + 1.25 * latenessMs;
  neighbor.quietMs = Math.min(maxQuietMs, Math.max(neighbor.quietMs, wanted));
}

/** Once a round: forget slowly, so that one hiccup does not slow every round after it. */
export function forgetLateness(neighbor: Neighbor): void {
  neighbor.quietMs = Math.max(minQuietMs, neighbor.quietMs * 0.97);
}

/** Once a round: a peer that nobody waits for is waited for again after two rounds in time. */
export function judgePunctuality(neighbor: Neighbor, onTime: boolean): void {
  neighbor.onTimeRounds = onTime ? neighbor.onTimeRounds + 1 : 0;
  if (neighbor.onTimeRounds >= 2) neighbor.awaited = true;
}

/**
 * A round ran into its deadline because of this peer. When it was silent nobody waits for it any more; when
 * a part came it is alive behind a bad link, and three such rounds in a row are forgiven.
 */
export function noteMissed(neighbor: Neighbor, wasSilent: boolean): void {
  neighbor.missedRounds += 1;
  if (!wasSilent && neighbor.missedRounds < 3) return;
  neighbor.awaited = false;
  neighbor.onTimeRounds = 0;
}
