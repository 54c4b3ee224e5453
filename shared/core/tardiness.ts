/**
 * Who makes the others wait round after round, though never beyond their grace: a thin uplink, an overloaded
 * machine. Grace alone would grow until the slowest sets everybody's pace. To wait for k of n members is worth
 * it as long as it takes no more than k/n of the time from one round to the next; beyond that the others do
 * more without them. (With k of n gone the rest does (n − k) parts of the work in the time that is left.)
 */
import type { Inflow } from "./inflow.ts";
import { noLag, noteLag } from "./lag.ts";
import { noteTardy, noteTimely } from "./neighbor.ts";
import type { Neighbor } from "./neighbor.ts";
import type { RoundSlot } from "./round-slot.ts";

/** A busy machine is late by less, and short rounds among neighbours are short enough with that. */
const noticeableMs = 30;
/** Of a round's lag: some ten rounds count, since a few in a row are slow by chance where packets are lost. */
const weight = 0.1;
/** Of a lag that varies as much as this, nobody is to blame. */
const jitters = 2.5;

/** How long this round may be held up by one member. */
export function worthWaitingMs(slot: RoundSlot): number {
  const cycleMs = slot.beforeAt < 0 ? Infinity : slot.begunAt - slot.beforeAt;
  return Math.max(noticeableMs, cycleMs / slot.view.members.length);
}

/**
 * At the end of a round that has waited for these seats: later ones may do without some of them.
 * @param most who is waited for by fewer than half falls apart from the others, and more are the usual pace anyway
 */
export function judgeTardiness(
  slot: RoundSlot,
  awaited: readonly number[],
  neighborAt: (slot: RoundSlot, seat: number) => Neighbor | undefined,
  most: number,
): void {
  const scattersAt = usually(slot, slot.scatterIn, awaited);
  const gathersAt = usually(slot, slot.gatherIn, awaited);
  const judged: Judged[] = [];
  for (const seat of awaited) {
    const neighbor = neighborAt(slot, seat);
    if (!neighbor) continue;
    const lagMs =
      behind(slot, slot.scatterIn[seat], scattersAt) + behind(slot, slot.gatherIn[seat], gathersAt);
    noteLag(neighbor.lag, lagMs, weight);
    judged.push({ neighbor, slowMs: Math.min(lagMs, neighbor.lag.ms) });
  }
  const tardy = tardyOnes(
    judged.toSorted((a, b) => b.slowMs - a.slowMs),
    worthWaitingMs(slot),
    most,
  );
  for (const one of judged) {
    if (tardy.includes(one)) noteTardy(one.neighbor);
    else noteTimely(one.neighbor);
  }
}

interface Judged {
  readonly neighbor: Neighbor;
  /** Behind the others, usually and this time: who is back and late again is known, who is in time is believed. */
  readonly slowMs: number;
}

/**
 * Of members with the slowest first, the first k that cost more than they are worth: without them a round ends
 * when the next one is in, so what they cost is how far behind that one they are, and in a room whose members
 * differ a little from each to the next nobody is given up.
 */
function tardyOnes(slowestFirst: readonly Judged[], worthMs: number, most: number): readonly Judged[] {
  const slowestMs = slowestFirst[0]?.slowMs ?? 0;
  for (let k = 1; k <= most; k++) {
    const { ms, jitterMs } = slowestFirst[k - 1]?.neighbor.lag ?? noLag();
    if (ms <= jitters * jitterMs) return [];
    const costMs = slowestMs - Math.max(0, slowestFirst[k]?.slowMs ?? 0);
    if (costMs > k * worthMs) return slowestFirst.slice(0, k);
  }
  return [];
}

/** When the middle one of the seats that owed something in a phase was in. */
function usually(slot: RoundSlot, flows: readonly Inflow[], awaited: readonly number[]): number {
  const owing = awaited.flatMap((seat) => flows[seat] ?? []).filter((flow) => flow.expected > 0);
  const ends = owing.map((flow) => endOf(slot, flow)).toSorted((a, b) => a - b);
  return ends[Math.floor((ends.length - 1) / 2)] ?? slot.begunAt;
}

function behind(slot: RoundSlot, flow: Inflow | undefined, usualAt: number): number {
  return flow && flow.expected > 0 ? endOf(slot, flow) - usualAt : 0;
}

/** What was in before we began kept nobody waiting. */
function endOf(slot: RoundSlot, flow: Inflow): number {
  return Math.max(slot.begunAt, flow.settledAt);
}
