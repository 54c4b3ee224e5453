/**
 * Who is waited for. Everybody, until a member makes rounds run into their deadlines: then nobody waits for
 * it (what it sends in time still counts) until it has been in time for two rounds. When more than a third
 * miss a deadline it is the deadline that was wrong, and it grows instead. Of the members that we have links to,
 * more than half are always waited for: who waits for nobody goes through rounds at once, ever further ahead of
 * the others, and is alone for good.
 */
import type { Inflow } from "./inflow.ts";
import { isTardy, judgePunctuality, noteInTime, noteMissed } from "./neighbor.ts";
import type { Neighbor } from "./neighbor.ts";
import type { Patience } from "./patience.ts";
import type { RoundSlot } from "./round-slot.ts";
import { judgeTardiness, worthWaitingMs } from "./tardiness.ts";

type NeighborAt = (slot: RoundSlot, seat: number) => Neighbor | undefined;

/** A round begins: of those that were given up the least late are waited for again, where they are too many. */
export function awaitEnough(slot: RoundSlot, neighborAt: NeighborAt): void {
  const linked = linkedMembers(slot, neighborAt);
  const givenUp = linked.filter(({ awaited }) => !awaited);
  const excess = givenUp.length - mostGivenUp(linked);
  if (excess <= 0) return;
  const leastLate = givenUp.toSorted(
    (a, b) => a.missedRounds - b.missedRounds || a.returnsAfter - b.returnsAfter,
  );
  for (const neighbor of leastLate.slice(0, excess)) neighbor.awaited = true;
}

/** Fewer than half of them and us. */
function mostGivenUp(linked: readonly Neighbor[]): number {
  return Math.floor(linked.length / 2);
}

/** Other members that something can come from: nothing does of who is muted. */
function linkedMembers(slot: RoundSlot, neighborAt: NeighborAt): readonly Neighbor[] {
  return slot.view.members.flatMap((_, seat) => {
    const neighbor = seat === slot.seat ? undefined : neighborAt(slot, seat);
    return neighbor?.connected && neighbor.counts.conduct.mutedFor === 0 ? [neighbor] : [];
  });
}

/** Seats whose contribution to owned fragment `index` is still worth waiting for. */
export function contributorsWaitedFor(slot: RoundSlot, index: number, neighborAt: NeighborAt): number {
  let waiting = 0;
  for (const [seat, inflow] of slot.scatterIn.entries()) {
    if (seat === slot.seat || inflow.settledAt >= 0 || !neighborAt(slot, seat)?.awaited) continue;
    if (slot.contributions.present[index * slot.contributions.members + seat] === 0) waiting += 1;
  }
  return waiting;
}

/** How many members a phase does without when the others have been in for a while. */
export function stragglersAllowed(members: number): number {
  return members < 3 ? 0 : Math.max(1, Math.floor(members / 8));
}

/** Awaited seats that still owe us something in a phase. */
export function openSeats(slot: RoundSlot, inflows: readonly Inflow[], neighborAt: NeighborAt): number {
  let open = 0;
  for (let seat = 0; seat < inflows.length; seat++) {
    const inflow = inflows[seat];
    if (!inflow || seat === slot.seat || inflow.expected === 0 || inflow.settledAt >= 0) continue;
    if (neighborAt(slot, seat)?.awaited) open += 1;
  }
  return open;
}

export interface Verdict {
  readonly missed: readonly string[];
  readonly lagMs: number | undefined;
}

/** At the end of a round: who missed it, how patient to be, how far behind the others we began. */
export function judgeRound(slot: RoundSlot, neighborAt: NeighborAt, patience: Patience): Verdict {
  const others = slot.view.members.map((_, seat) => seat).filter((seat) => seat !== slot.seat);
  const awaited = others.filter((seat) => neighborAt(slot, seat)?.awaited);
  const missed = awaited.filter((seat) => hasMissed(slot, seat));
  slot.wentOnWithout = missed.length;
  const linked = linkedMembers(slot, neighborAt);
  const isMinority = missed.length <= Math.floor((1 + linked.length) / 3);
  for (const seat of awaited) {
    const neighbor = neighborAt(slot, seat);
    if (!neighbor) continue;
    if (!missed.includes(seat)) noteInTime(neighbor);
    else noteMissed(neighbor, wasSilent(slot, seat), isMinority);
  }
  patience.judgeRound(!isMinority);
  const givenUp = linked.filter((neighbor) => !neighbor.awaited).length;
  if (patience.isBounded && missed.length === 0 && !slot.listening)
    judgeTardiness(slot, awaited, neighborAt, mostGivenUp(linked) - givenUp);
  return { missed: missed.map((seat) => slot.view.members[seat] ?? ""), lagMs: lagOf(slot, others) };
}

function wasSilent(slot: RoundSlot, seat: number): boolean {
  return [slot.scatterIn[seat], slot.gatherIn[seat]].every(
    (flow) => !flow || (flow.got === 0 && flow.markedSent < 0),
  );
}

function lagOf(slot: RoundSlot, others: readonly number[]): number | undefined {
  const starts = others
    .map((seat) => slot.scatterIn[seat]?.firstAt ?? -1)
    .filter((at) => at >= 0)
    .toSorted((a, b) => a - b);
  const median = starts[Math.floor((starts.length - 1) / 2)];
  return median === undefined ? undefined : slot.begunAt - median;
}

/** Once a round is over for good: how late was what came late, and was somebody in time after all? */
export function reviewRound(slot: RoundSlot, neighborAt: NeighborAt, patience: Patience): void {
  let expected = 0;
  let late = 0;
  const isWorthMore = slot.graceMs < slot.wentOnWithout * worthWaitingMs(slot);
  for (let seat = 0; seat < slot.view.members.length; seat++) {
    const neighbor = neighborAt(slot, seat);
    const flows = [slot.scatterIn[seat], slot.gatherIn[seat]].filter((flow) => flow !== undefined);
    if (!neighbor || seat === slot.seat) continue;
    if (!neighbor.awaited) {
      // A round that owed nothing, or that we broke off, says nothing.
      if (slot.finishedAt >= 0 && flows.some((flow) => flow.expected > 0))
        judgePunctuality(neighbor, wouldHaveMadeIt(slot, flows, isTardy(neighbor)));
    } else
      for (const flow of flows) {
        expected += flow.expected;
        if (isWorthMore || !hasMissed(slot, seat)) late += flow.late + cut(flow);
      }
  }
  if (expected > 0) patience.judgeLateness(late / expected);
}

function hasMissed({ scatterIn, gatherIn }: RoundSlot, seat: number): boolean {
  return Boolean(scatterIn[seat]?.missed || gatherIn[seat]?.missed);
}

/** What its sender kept back when it learned that we went on without it would have come too late. */
function cut({ missed, markedSent, expected }: Inflow): number {
  return missed && markedSent > 0 ? expected - markedSent : 0;
}

/** Nobody waited for it, but it would not have kept anybody waiting either; who was tardy, not even a little. */
function wouldHaveMadeIt(slot: RoundSlot, flows: readonly Inflow[], wasTardy: boolean): boolean {
  let expected = 0;
  let came = 0;
  let lastAt = -1;
  for (const flow of flows) {
    // It had more than it had time for: to wait would have taken longer.
    if (wasTardy && flow.markedSent >= 0 && flow.markedSent < flow.expected) return false;
    expected += flow.expected;
    came += flow.got + flow.late;
    lastAt = Math.max(lastAt, flow.lastAt);
  }
  const graceMs = wasTardy ? Math.min(slot.graceMs, worthWaitingMs(slot)) : slot.graceMs;
  return expected > 0 && 2 * came >= expected && lastAt <= slot.finishedAt + graceMs;
}
