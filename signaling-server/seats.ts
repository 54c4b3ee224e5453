/** Who sits where in a view. */

export function sameMembers(members: readonly string[], ready: readonly string[]): boolean {
  return members.length === ready.length && ready.every((peerId) => members.includes(peerId));
}

/** Survivors keep their order, newcomers follow. */
export function seats(members: readonly string[], ready: readonly string[]): string[] {
  const survivors = members.filter((peerId) => ready.includes(peerId));
  return [...survivors, ...ready.filter((peerId) => !survivors.includes(peerId))];
}
