/** Fragments that did not count, by cause (the words of docs/protocol.md). */
export const dropCauses = ["lost", "late", "stale", "unsent", "rejected"] as const;
export type DropCause = (typeof dropCauses)[number];
export type Drops = Record<DropCause, number>;

export function noDrops(): Drops {
  return { lost: 0, late: 0, stale: 0, unsent: 0, rejected: 0 };
}

export function addDrops(into: Drops, more: Readonly<Drops>): void {
  for (const cause of dropCauses) into[cause] += more[cause];
}

/** Share of the fragments owed to a receiver that did not count; null before the first. */
export function dropShare(received: number, drops: Readonly<Drops>): number | null {
  // Receivers count all of these. What is stale came for a round in which nothing was owed.
  const missing = drops.lost + drops.late + drops.unsent + drops.rejected;
  return received + missing === 0 ? null : missing / (received + missing);
}
