/** Kinds of ICE candidates (RFC 8445), from the longest way round to none. */
const byDetour = ["relay", "srflx", "prflx", "host"] as const;

export type CandidateType = (typeof byDetour)[number];

/** A path is as direct as the less direct of its two ends: who is on the other side of a relay is "host" itself. */
export function leastDirect(types: readonly unknown[]): CandidateType | undefined {
  return byDetour.find((type) => types.includes(type));
}
