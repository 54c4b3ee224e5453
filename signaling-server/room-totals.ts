/**
 * A room's fragment counts. Peers report counts *since the link opened*; links are redialled and peers
 * leave, but a counter that Prometheus reads must never fall: so growth is added up, not the counts.
 */
import { dropCauses, noDrops } from "../shared/core/drops.ts";
import type { Drops } from "../shared/core/drops.ts";
import type { LinkReport } from "../shared/net/messages.ts";
import { linkBefore } from "./link-before.ts";

interface FragmentCounts {
  readonly sent: number;
  readonly received: number;
  readonly drops: Readonly<Drops>;
}

export interface RoomTotals {
  /** Adds what happened between two reports of one peer. */
  add(before: readonly LinkReport[], after: readonly LinkReport[]): void;
  read(): FragmentCounts;
}

export function createRoomTotals(): RoomTotals {
  const drops = noDrops();
  let sent = 0;
  let received = 0;
  return {
    add(before, after) {
      for (const [index, link] of after.entries()) {
        const old = linkBefore(before, link, index);
        sent += growth(old?.sent, link.sent);
        received += growth(old?.received, link.received);
        for (const cause of dropCauses) drops[cause] += growth(old?.drops[cause], link.drops[cause]);
      }
    },
    read: () => ({ sent, received, drops: { ...drops } }),
  };
}

/** A count that fell belongs to a new link. */
function growth(before = 0, after: number): number {
  return after >= before ? after - before : after;
}
