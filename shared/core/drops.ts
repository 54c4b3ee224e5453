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
