/** The account of a round that is over for good: what every neighbour's fragments came to. */
import { reviewRound } from "./attendance.ts";
import type { Inflow } from "./inflow.ts";
import type { Neighbor } from "./neighbor.ts";
import type { Patience } from "./patience.ts";
import type { RoundSlot } from "./round-slot.ts";

export function retire(
  slot: RoundSlot,
  neighborAt: (slot: RoundSlot, seat: number) => Neighbor | undefined,
  patience: Patience,
): void {
  for (let seat = 0; seat < slot.view.members.length; seat++) {
    const neighbor = neighborAt(slot, seat);
    const scatter = slot.scatterIn[seat];
    const gather = slot.gatherIn[seat];
    if (seat === slot.seat || !neighbor || !scatter || !gather) continue;
    if (slot.begunAt < 0) {
      neighbor.counts.drops.stale += scatter.got + gather.got;
      continue;
    }
    if (slot.listening) neighbor.counts.drops.stale += scatter.got + scatter.late;
    else account(scatter, neighbor);
    account(gather, neighbor);
  }
  if (slot.begunAt >= 0 && !slot.listening) reviewRound(slot, neighborAt, patience);
}

/**
 * lost: sent (the sender was through), and never came. late: came too late, or its sender never got there. unsent: the sender says
 * that it did not send it, or has no link any more. (`rejected` was counted on arrival.)
 */
function account(inflow: Inflow, neighbor: Neighbor): void {
  const { drops } = neighbor.counts;
  neighbor.counts.received += inflow.got;
  drops.late += inflow.late;
  const missing = inflow.expected - inflow.got - inflow.late - inflow.rejected;
  if (missing <= 0) return;
  if (inflow.markedSent < 0 && inflow.throughAt >= 0 && !inflow.missed) drops.lost += missing;
  else if (inflow.markedSent >= 0) {
    const lost = Math.min(missing, Math.max(0, inflow.markedSent - (inflow.expected - missing)));
    drops.lost += lost;
    drops.unsent += missing - lost;
  } else if (neighbor.connected) drops.late += missing;
  else drops.unsent += missing;
}
