/** What a peer is at, in the words that a screen shows. */
export type PeerPhase =
  | "connecting"
  | "catching up"
  | "training"
  | "averaging"
  /** For enough others to begin, or for anybody to be heard. */
  | "waiting for others"
  | "paused";

/** Where nobody trains yet. */
export function waitingInWords(minPeers: number): string {
  return `waiting for others: training starts when ${minPeers} peers are ready`;
}
