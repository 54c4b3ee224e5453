/** What a peer is at, in the words that a screen shows. */
export type PeerPhase =
  | "connecting"
  | "catching up"
  | "training"
  | "averaging"
  /** For enough others to begin, or for anybody to be heard. */
  | "waiting for others"
  | "paused";
