/**
 * Who is waited for. Everybody, until a member makes rounds run into their deadlines: then nobody waits for
 * it (what it sends in time still counts) until it has been in time for two rounds. When more than a third
 * miss a deadline it is the deadline that was wrong, and it grows instead.
 */
import type { Inflow } from "./inflow.ts";
import { judgePunctuality, noteMissed } from "./neighbor.ts";
import type { Neighbor } from "./neighbor.ts";
import type { Patience } from "./patience.ts";
import type { RoundSlot } from "./round-slot.ts";

type NeighborAt = (slot: RoundSlot, seat: number) => Neighbor | undefined;

/** Seats whose contribution to owned fragment `index` is still worth waiting for. */
export function contributorsWaitedFor(slot: RoundSlot, index: number, neighborAt: NeighborAt): number {
  let waiting = 0;
  for (const [seat, inflow] of slot.scatterIn.entries()) {
    if (seat === slot.seat || inflow.settledAt >= 0 || !neighborAt(slot, seat)?.awaited) continue;
    if (slot.contributions.present[index * slot.contributions.members + seat] === 0) waiting += 1;
  }
  return waiting;
}

export interface Verdict {
  readonly missed: readonly string[];
  readonly lagMs: number | undefined;
}

/** At the end of a round: who missed it, how patient to be, how far behind the others we began. */
export function judgeRound(slot: RoundSlot, neighborAt: NeighborAt, patience: Patience): Verdict {
  const others = slot.view.members.map((_, seat) => seat).filter((seat) => seat !== slot.seat);
  const awaited = others.filter((seat) => neighborAt(slot, seat)?.awaited);
  const missed = awaited.filter((seat) => slot.scatterIn[seat]?.missed || slot.gatherIn[seat]?.missed);
  const isMinority = missed.length <= Math.floor(slot.view.members.length / 3);
  for (const seat of awaited) {
    const neighbor = neighborAt(slot, seat);
    if (!neighbor) continue;
    if (!missed.includes(seat)) neighbor.missedRounds = 0;
    else if (isMinority) noteMissed(neighbor, wasSilent(slot, seat));
  }
  patience.update(isMinority ? 0 : lateShare(slot, awaited), bulkMs(slot, others));
  return { missed: missed.map((seat) => slot.view.members[seat] ?? ""), lagMs: lagOf(slot, others) };
}

function wasSilent(slot: RoundSlot, seat: number): boolean {
  return [slot.scatterIn[seat], slot.gatherIn[seat]].every(
    (flow) => !flow || (flow.got === 0 && flow.markedSent < 0),
  );
}

function lateShare(slot: RoundSlot, seats: readonly number[]): number {
  let expected = 0;
  let late = 0;
  for (const seat of seats) {
    for (const inflow of [slot.scatterIn[seat], slot.gatherIn[seat]]) {
      expected += inflow?.expected ?? 0;
      if (inflow?.missed) late += inflow.expected - inflow.got;
    }
  }
  return expected === 0 ? 0 : late / expected;
}

/** Time until two thirds of the others were in. */
function bulkMs(slot: RoundSlot, others: readonly number[]): number {
  const times = others.map((seat) => settledMs(slot, seat)).sort((a, b) => a - b);
  const bulk = times[Math.ceil((times.length * 2) / 3) - 1] ?? 0;
  return Math.min(bulk, 2 * slot.phaseMs);
}

function settledMs(slot: RoundSlot, seat: number): number {
  const inflows = [slot.scatterIn[seat], slot.gatherIn[seat]].filter((flow) => (flow?.expected ?? 0) > 0);
  const times = inflows.map((flow) =>
    flow && flow.settledAt >= 0 ? flow.settledAt - slot.begunAt : Infinity,
  );
  return Math.max(0, ...times);
}

function lagOf(slot: RoundSlot, others: readonly number[]): number | undefined {
  const starts = others
    .map((seat) => slot.scatterIn[seat]?.firstAt ?? -1)
    .filter((at) => at >= 0)
    .sort((a, b) => a - b);
  const median = starts[Math.floor((starts.length - 1) / 2)];
  return median === undefined ? undefined : slot.begunAt - median;
}

/** Once a round is over for good: a peer that nobody waited for may have been in time after all. */
export function reviewPunctuality(slot: RoundSlot, neighborAt: NeighborAt): void {
  for (let seat = 0; seat < slot.view.members.length; seat++) {
    const neighbor = neighborAt(slot, seat);
    if (!neighbor || neighbor.awaited) continue;
    const flows = [slot.scatterIn[seat], slot.gatherIn[seat]].filter((flow) => flow !== undefined);
    judgePunctuality(neighbor, wouldHaveMadeIt(slot, flows));
  }
}

function wouldHaveMadeIt(slot: RoundSlot, flows: readonly Inflow[]): boolean {
  let expected = 0;
  let came = 0;
  let lastAt = -1;
  for (const flow of flows) {
    expected += flow.expected;
    came += flow.got + flow.late;
    lastAt = Math.max(lastAt, flow.lastAt);
  }
  return 2 * came >= expected && expected > 0 && lastAt <= slot.begunAt + 2 * slot.phaseMs;
}
