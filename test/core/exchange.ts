/** What tests of an averaging look at, and what they average. */
import { addDrops, noDrops } from "../../shared/core/drops.ts";
import type { LinkCounts } from "../../shared/core/neighbor.ts";
import { emptyHeader, readHeader } from "../../shared/core/packet.ts";
import type { PacketHeader } from "../../shared/core/packet.ts";
import { createRng, mix } from "../../shared/core/rng.ts";
import type { Group } from "../../shared/simulation/group.ts";

/** Everything that `seat` counted, over all its neighbours. */
export function countsOf({ ids, machines }: Group, seat: number): Omit<LinkCounts, "conduct"> {
  const total = { sent: 0, received: 0, duplicates: 0, drops: noDrops() };
  for (const id of ids) {
    const counts = machines[seat]?.counts(id);
    if (!counts) continue;
    total.sent += counts.sent;
    total.received += counts.received;
    total.duplicates += counts.duplicates;
    addDrops(total.drops, counts.drops);
  }
  return total;
}

/** A header read off the wire; throws when it is none. */
export function headerOf(bytes: Uint8Array): PacketHeader {
  const header = emptyHeader();
  if (!readHeader(bytes, header)) throw new Error("not a packet");
  return header;
}

export function randomVectors(members: number, length: number, seed: number): Float32Array[] {
  return Array.from({ length: members }, (_, seat) => {
    const rng = createRng(mix(seed, seat));
    return Float32Array.from({ length }, () => rng.normal());
  });
}
