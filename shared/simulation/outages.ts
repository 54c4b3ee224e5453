/**
 * Peers that vanish and come back: for whole rounds nothing reaches them and nothing of theirs gets out. Each
 * is up or down by a chain of its own with two states.
 */
import type { Rng } from "../core/rng.ts";

export interface Outages {
  /** Part of the time that a peer is away, 0..1. */
  readonly share: number;
  /** Mean length of an absence. */
  readonly meanRounds: number;
}

export interface OutageState {
  isDown(peer: number): boolean;
  /** To the next round. */
  advance(): void;
}

export function createOutages({ share, meanRounds }: Outages, peers: number, rng: Rng): OutageState {
  const comeBack = 1 / meanRounds;
  const leave = (comeBack * share) / Math.max(1e-9, 1 - share);
  const down = Array.from({ length: peers }, () => rng.float() < share);
  return {
    isDown: (peer) => down[peer] ?? false,
    advance() {
      for (const [peer, was] of down.entries())
        down[peer] = was ? rng.float() >= comeBack : rng.float() < leave;
    },
  };
}
