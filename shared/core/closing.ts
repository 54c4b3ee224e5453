/**
 * When a round's two phases are over. A fragment whose contributions are all in is averaged at once; a seat
 * that nothing more can come from is *settled* and not waited for; what is still open at a deadline is
 * given up. Works on one slot at a time and knows no packets.
 */
import { awaitEnough, contributorsWaitedFor, openSeats, stragglersAllowed } from "./attendance.ts";
import type { Reduce } from "./averaging/rule.ts";
import type { ContributionCheck } from "./contribution-check.ts";
import type { Encoding } from "./encoding.ts";
import { isComplete, quietAt, quietScatterAt } from "./inflow.ts";
import type { Inflow } from "./inflow.ts";
import type { Neighbor } from "./neighbor.ts";
import { maxPacketBytes } from "./packet.ts";
import { temperNewcomers } from "./probation.ts";
import type { Rng } from "./rng.ts";
import { averageOwned, contributeOwn, fragmentState } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";

export type NeighborAt = (slot: RoundSlot, seat: number) => Neighbor | undefined;

export interface Closing {
  /** The round begins here: `slot.values`, `begunAt` and `listening` are set. */
  start(slot: RoundSlot, now: number): void;
  /** An awaited contribution to owned fragment `index` has come. */
  contributed(slot: RoundSlot, index: number): void;
  settleScatter(slot: RoundSlot, seat: number, inflow: Inflow, now: number): void;
  /** A link closed: nothing comes from this seat any more. */
  settleSeat(slot: RoundSlot, seat: number, now: number): void;
  /** Settles whoever has been quiet for long enough, and gives up at deadlines. */
  tick(slot: RoundSlot, now: number): void;
  /** True once both phases are over. Call after anything that changed the slot. */
  isOver(slot: RoundSlot, now: number): boolean;
  wakeAt(slot: RoundSlot): number;
}

export function createClosing(deps: {
  readonly shape: SlotShape;
  readonly encoding: Encoding;
  readonly reduce: Reduce;
  readonly rng: Rng;
  readonly neighborAt: NeighborAt;
  /** See `PatienceLimits`. */
  readonly lossless: boolean;
  /** Where strangers may lie: then newcomers count little at first, too. */
  readonly contributionCheck: ContributionCheck | undefined;
}): Closing {
  const { shape, encoding, reduce, rng, neighborAt } = deps;
  const quietMsOf = (slot: RoundSlot, seat: number) =>
    deps.lossless ? Infinity : (neighborAt(slot, seat)?.quietMs ?? 0);
  const scratch = new Uint8Array(maxPacketBytes);

  function start(slot: RoundSlot, now: number): void {
    awaitEnough(slot, neighborAt);
    for (const [seat, inflow] of slot.scatterIn.entries()) {
      if (seat !== slot.seat && !neighborAt(slot, seat)?.connected) settleSeat(slot, seat, now);
      else if (inflow.settledAt < 0 && isComplete(inflow)) inflow.settledAt = now;
    }
    // Who only listens in this round may have said so before we began.
    for (const inflow of slot.gatherIn)
      if (inflow.settledAt < 0 && isComplete(inflow)) inflow.settledAt = now;
    if (slot.listening) slot.scatterClosedAt = now;
    else startAveraging(slot, now);
  }

  function startAveraging(slot: RoundSlot, now: number): void {
    if (slot.values) contributeOwn(slot, shape, slot.values);
    for (const index of slot.closingOrder) {
      slot.waiting[index] = contributorsWaitedFor(slot, index, neighborAt);
      if (slot.waiting[index] === 0) average(slot, index);
    }
    closeScatterIfDone(slot, now);
  }

  function average(slot: RoundSlot, index: number): void {
    if (deps.contributionCheck) temperNewcomers(slot, shape, index, neighborAt);
    averageOwned(slot, shape, index, reduce, encoding, scratch, rng);
    deps.contributionCheck?.averaged(slot, index);
  }

  function contributed(slot: RoundSlot, index: number): void {
    const waiting = (slot.waiting[index] ?? 0) - 1;
    slot.waiting[index] = waiting;
    if (waiting === 0) average(slot, index);
  }

  function settleScatter(slot: RoundSlot, seat: number, inflow: Inflow, now: number): void {
    inflow.settledAt = now;
    if (slot.begunAt < 0 || slot.listening || slot.scatterClosedAt >= 0) return;
    if (neighborAt(slot, seat)?.awaited) release(slot, seat);
    closeScatterIfDone(slot, now);
  }

  /** What a settled seat did not deliver is not waited for any longer. */
  function release(slot: RoundSlot, seat: number): void {
    for (const index of slot.closingOrder) {
      const isPresent = slot.contributions.present[index * slot.contributions.members + seat] !== 0;
      if (!isPresent && isOpen(slot, index) && (slot.waiting[index] ?? 0) > 0) contributed(slot, index);
    }
  }

  function settleSeat(slot: RoundSlot, seat: number, now: number): void {
    const scatter = slot.scatterIn[seat];
    const gather = slot.gatherIn[seat];
    if (scatter && scatter.settledAt < 0) settleScatter(slot, seat, scatter, now);
    if (gather && gather.settledAt < 0) gather.settledAt = now;
  }

  function isOver(slot: RoundSlot, now: number): boolean {
    closeScatterIfDone(slot, now);
    const few = stragglersAllowed(slot.view.members.length);
    if (slot.scatterClosedAt < 0) {
      const isNearly = openSeats(slot, slot.scatterIn, neighborAt) <= few;
      if (slot.scatterNearlyAt < 0 && isNearly) slot.scatterNearlyAt = now;
      return false;
    }
    const open = openSeats(slot, slot.gatherIn, neighborAt);
    if (slot.gatherNearlyAt < 0 && open <= few) slot.gatherNearlyAt = now;
    return open === 0;
  }

  function tick(slot: RoundSlot, now: number): void {
    for (let seat = 0; seat < slot.scatterIn.length; seat++) {
      const quietMs = quietMsOf(slot, seat);
      const scatter = slot.scatterIn[seat];
      const gather = slot.gatherIn[seat];
      if (scatter && scatter.settledAt < 0 && now >= quietScatterAt(scatter, quietMs)) {
        settleScatter(slot, seat, scatter, now);
      }
      if (gather && gather.settledAt < 0 && now >= quietAt(gather, quietMs)) gather.settledAt = now;
    }
    if (slot.scatterClosedAt < 0 && now >= scatterDeadline(slot)) giveUpOnScatters(slot, now);
    if (slot.scatterClosedAt >= 0 && now >= gatherDeadline(slot)) giveUp(slot.gatherIn, now);
  }

  function giveUpOnScatters(slot: RoundSlot, now: number): void {
    giveUp(slot.scatterIn, now);
    for (const index of slot.closingOrder) if (isOpen(slot, index)) average(slot, index);
    closeScatterIfDone(slot, now);
  }

  function wakeAt(slot: RoundSlot): number {
    let at = slot.scatterClosedAt < 0 ? scatterDeadline(slot) : gatherDeadline(slot);
    for (let seat = 0; seat < slot.scatterIn.length; seat++) {
      const quietMs = quietMsOf(slot, seat);
      const scatter = slot.scatterIn[seat];
      const gather = slot.gatherIn[seat];
      if (scatter && scatter.settledAt < 0) at = Math.min(at, quietScatterAt(scatter, quietMs));
      if (gather && gather.settledAt < 0) at = Math.min(at, quietAt(gather, quietMs));
    }
    return at;
  }

  return { start, contributed, settleScatter, settleSeat, tick, isOver, wakeAt };
}

/** An owned fragment that has not been averaged. */
function isOpen(slot: RoundSlot, index: number): boolean {
  return slot.received[slot.owned.first + index] === fragmentState.missing;
}

function giveUp(inflows: readonly Inflow[], now: number): void {
  for (const inflow of inflows) {
    if (inflow.settledAt >= 0 || inflow.expected === 0) continue;
    inflow.missed = true;
    inflow.settledAt = now;
  }
}

function scatterDeadline(slot: RoundSlot): number {
  const lastOnes = slot.scatterNearlyAt < 0 ? Infinity : slot.scatterNearlyAt + slot.graceMs;
  return Math.min(slot.begunAt + slot.phaseMs, lastOnes);
}

/** Twice the grace: a straggler's averages may have waited for its own stragglers. */
function gatherDeadline(slot: RoundSlot): number {
  const lastOnes = slot.gatherNearlyAt < 0 ? Infinity : slot.gatherNearlyAt + 2 * slot.graceMs;
  return Math.min(slot.begunAt + 2 * slot.phaseMs, lastOnes);
}

function closeScatterIfDone(slot: RoundSlot, now: number): void {
  if (slot.scatterClosedAt < 0 && slot.averagedCount === slot.waiting.length) slot.scatterClosedAt = now;
}
