/**
 * One peer's side of every round, as a sans-IO state machine: events in (`begin`, `receive`, `endOfPhase`,
 * `linkOpened`, `linkClosed`, `tick`), effects out by asking (`nextPacket`, `nextMarker`, `takeResult`,
 * `wakeAt`). No clock, randomness or socket of its own: the same code runs in Node, in a tab and in the
 * simulator.
 *
 * Packets are *pulled* by whoever owns the links, when a link can take one: nothing is queued that could
 * not be cancelled, and what is past its phase is never handed out.
 */
import { contributorsWaitedFor, judgeRound, openSeats, stragglersAllowed } from "./attendance.ts";
import type { Reduce } from "./averaging/rule.ts";
import { maxListeners } from "./constants.ts";
import type { Encoding } from "./encoding.ts";
import { isComplete, noteThrough, quietAt, quietScatterAt, tailLength } from "./inflow.ts";
import type { Inflow } from "./inflow.ts";
import { createNeighbor, forgetLateness, learnLateness } from "./neighbor.ts";
import type { LinkCounts, Neighbor } from "./neighbor.ts";
import { createOutbox } from "./outbox.ts";
import type { EndMarker } from "./outbox.ts";
import {
  emptyHeader,
  maxPacketBytes,
  packetKinds,
  readHeader,
  headerBytes,
  valuesPerFragment,
} from "./packet.ts";
import type { PacketHeader } from "./packet.ts";
import { createPatience } from "./patience.ts";
import type { PatienceLimits } from "./patience.ts";
import { createPlan, fragmentsFor } from "./plan.ts";
import type { Plan, PlanInput } from "./plan.ts";
import { retire } from "./retire.ts";
import type { Rng } from "./rng.ts";
import {
  averageOwned,
  contributeOwn,
  createSlot,
  fragmentLength,
  fragmentState,
  overlay,
  rowOf,
} from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";
import { seatOf, viewAt } from "./view.ts";
import type { View } from "./view.ts";

export interface RoundMachineOptions {
  readonly peerId: string;
  /** The task's seed: owners are drawn from it. */
  readonly seed: number;
  readonly valueCount: number;
  readonly encoding: Encoding;
  readonly reduce: Reduce;
  /** Order of sending and stochastic rounding; need not agree between peers. */
  readonly rng: Rng;
  readonly patience?: PatienceLimits;
  /** Smaller fragments and other owners, for tests. */
  readonly valuesPerFragment?: number;
  readonly planFor?: (input: PlanInput) => Plan;
}

export interface RoundResult {
  readonly round: number;
  readonly epoch: number;
  /** The exchanged vector: averages, and our own values where none arrived. */
  readonly values: Float32Array;
  /** 1 for every fragment that is an average, 0 where our own values stayed. */
  readonly averaged: Uint8Array;
  readonly averagedCount: number;
  /** From `begin` to here. */
  readonly roundMs: number;
  /** How much later we began than the median of the others; negative when earlier; undefined when unknown. */
  readonly lagMs: number | undefined;
  /** Seats that ran into the deadline. */
  readonly missed: readonly string[];
  /** The longest this round could have taken. */
  readonly deadlineMs: number;
}

export interface RoundMachine {
  readonly fragmentCount: number;
  /** Learns of a view; it takes effect by its own `fromRound`. */
  install(view: View): void;
  /** The view that holds in a round. */
  viewFor(round: number): View | undefined;
  /** We are about to enter this round: packets of others that are there already are kept from now on. */
  expect(round: number): void;
  /**
   * Enters a round with our values after the local steps. With `listen` nothing of ours is contributed: a
   * newcomer or a peer that fell behind completes its replica from the gathers.
   * @throws when no view holds in this round, or (not listening) we are no member of it
   */
  begin(round: number, values: Float32Array, now: number, listen?: boolean): void;
  receive(from: string, bytes: Uint8Array, now: number): void;
  /** The reliable end marker: nothing more comes in this phase. */
  endOfPhase(from: string, marker: EndMarker, now: number): void;
  linkOpened(peerId: string): void;
  linkClosed(peerId: string, now: number): void;
  /** The other end wants our gathers without being a member. False when too many do already. */
  setListening(peerId: string, listening: boolean): boolean;
  tick(now: number): void;
  /** Writes the next packet for a peer into `out` (≥ 1,150 bytes): its length, or 0 when there is none. */
  nextPacket(to: string, out: Uint8Array): number;
  nextMarker(): { readonly to: string; readonly marker: EndMarker } | undefined;
  /** The finished round's result, once. */
  takeResult(): RoundResult | undefined;
  /** When `tick` has to be called at the latest; Infinity while nothing is waited for. */
  wakeAt(): number;
  /** The round to jump to when we fell behind; undefined while we keep pace. */
  jumpTo(): number | undefined;
  counts(peerId: string): LinkCounts | undefined;
  /** Bytes that were nobody's packet: unknown sender, before any view, … */
  readonly strays: number;
}

export function createRoundMachine(options: RoundMachineOptions): RoundMachine {
  const { peerId, encoding, reduce, rng, valueCount } = options;
  const perFragment = options.valuesPerFragment ?? valuesPerFragment(encoding.bytesPerValue);
  const fragmentCount = fragmentsFor(valueCount, perFragment);
  const shape: SlotShape = { valueCount, fragmentCount, valuesPerFragment: perFragment };
  const planFor = options.planFor ?? createPlan;
  const patience = createPatience(options.patience);
  const neighbors = new Map<string, Neighbor>();
  const outbox = createOutbox({ encoding, shape, rng });
  const header = emptyHeader();
  const scratch = new Uint8Array(maxPacketBytes);

  let views: View[] = [];
  /** Rounds current−1 (still being sent, late arrivals), current, current+1 (others are ahead). */
  let slots: RoundSlot[] = [];
  let current: RoundSlot | undefined;
  /** The round we are in, or about to enter. */
  let horizon = 0;
  let result: RoundResult | undefined;
  let strays = 0;

  // ---- views and slots -----------------------------------------------------------------------------

  function install(view: View): void {
    if (views.some((known) => known.epoch >= view.epoch)) return;
    views = [...views.slice(-3), view];
    slots = slots.filter((slot) => slot.begunAt >= 0 || viewAt(views, slot.round)?.epoch === slot.view.epoch);
    for (const member of view.members) if (member !== peerId) neighborOf(member);
    for (const id of neighbors.keys()) forgetStranger(id);
  }

  function forgetStranger(id: string): void {
    const neighbor = neighbors.get(id);
    if (!neighbor?.connected && !views.some((view) => view.members.includes(id))) neighbors.delete(id);
  }

  function neighborOf(id: string): Neighbor {
    const known = neighbors.get(id) ?? createNeighbor(id);
    neighbors.set(id, known);
    return known;
  }

  function slotFor(round: number): RoundSlot | undefined {
    const known = slots.find((slot) => slot.round === round);
    if (known) return known;
    const view = viewAt(views, round);
    if (!view || view.members.length === 0) return undefined;
    const members = view.members.length;
    const plan = planFor({ seed: options.seed, epoch: view.epoch, round, members, fragmentCount });
    const slot = createSlot(round, view, plan, seatOf(view, peerId), shape, rng);
    slots = [...slots, slot].sort((a, b) => a.round - b.round);
    return slot;
  }

  const neighborAt = (slot: RoundSlot, seat: number) => neighbors.get(slot.view.members[seat] ?? "");

  // ---- a round begins --------------------------------------------------------------------------------

  function begin(round: number, values: Float32Array, now: number, listen = false): void {
    const slot = slotFor(round);
    if (!slot) throw new Error(`round ${round}: no view holds yet`);
    if (slot.seat < 0 && !listen) throw new Error(`round ${round}: not a member of view ${slot.view.epoch}`);
    retireBefore(round - 1);
    cancelScatters(round);
    current = slot;
    horizon = round;
    result = undefined;
    slot.begunAt = now;
    slot.phaseMs = patience.phaseMs;
    slot.graceMs = patience.graceMs;
    slot.values = values;
    slot.listening = listen;
    openOutflows(slot, listen);
    settleUnreachable(slot, now);
    if (listen) slot.scatterClosedAt = now;
    else startAveraging(slot, now);
    finishIfDone(slot, now);
  }

  function cancelScatters(round: number): void {
    for (const slot of slots) if (slot.round < round) outbox.cancelScatter(slot);
  }

  function retireBefore(round: number): void {
    for (const slot of slots) {
      if (slot.round >= round) continue;
      outbox.cancel(slot);
      retire(slot, neighborAt, patience);
    }
    slots = slots.filter((slot) => slot.round >= round);
  }

  function openOutflows(slot: RoundSlot, listen: boolean): void {
    if (listen) return;
    for (const neighbor of neighbors.values()) {
      const seat = seatOf(slot.view, neighbor.peerId);
      if (neighbor.connected && (seat >= 0 || neighbor.listening)) outbox.open(slot, neighbor, seat);
    }
  }

  /** Who has no link to us can't send: not waited for from the start. */
  function settleUnreachable(slot: RoundSlot, now: number): void {
    for (let seat = 0; seat < slot.view.members.length; seat++) {
      if (seat !== slot.seat && !neighborAt(slot, seat)?.connected) settleSeat(slot, seat, now);
    }
  }

  function settleSeat(slot: RoundSlot, seat: number, now: number): void {
    const scatter = slot.scatterIn[seat];
    const gather = slot.gatherIn[seat];
    if (scatter && scatter.settledAt < 0) settleScatter(slot, seat, scatter, now);
    if (gather && gather.settledAt < 0) gather.settledAt = now;
  }

  function startAveraging(slot: RoundSlot, now: number): void {
    contributeOwn(slot, shape, slot.values ?? new Float32Array(valueCount));
    for (let seat = 0; seat < slot.scatterIn.length; seat++) {
      const inflow = slot.scatterIn[seat];
      if (inflow && inflow.settledAt < 0 && isComplete(inflow)) inflow.settledAt = now;
    }
    for (let at = 0; at < slot.waiting.length; at++) {
      const index = slot.closingOrder[at] ?? 0;
      slot.waiting[index] = contributorsWaitedFor(slot, index, neighborAt);
      if (slot.waiting[index] === 0) average(slot, index);
    }
    closeScatterIfDone(slot, now);
  }

  // ---- packets in ------------------------------------------------------------------------------------

  function receive(from: string, bytes: Uint8Array, now: number): void {
    const neighbor = neighbors.get(from);
    if (!neighbor) {
      strays += 1;
      return;
    }
    if (!readHeader(bytes, header)) {
      neighbor.counts.drops.rejected += 1;
      return;
    }
    const slot = acceptableSlot(neighbor, header);
    if (!slot) {
      neighbor.counts.drops.stale += 1;
      return;
    }
    const seat = header.seat;
    if (slot.view.members[seat] !== from || !fits(header, bytes.length)) {
      neighbor.counts.drops.rejected += 1;
      return;
    }
    noteProgress(slot, seat, now);
    if (header.kind === packetKinds.scatter) takeScatter(slot, seat, neighbor, bytes, now);
    else takeGather(slot, seat, neighbor, bytes, now);
  }

  /** The slot a packet belongs to; undefined for a round or an epoch that is not ours (any more, or yet). */
  function acceptableSlot(neighbor: Neighbor, packet: PacketHeader): RoundSlot | undefined {
    const { round, epoch } = packet;
    if (viewAt(views, round)?.epoch !== epoch) return undefined;
    if (seatOf(viewAt(views, round) ?? { epoch, fromRound: 0, members: [] }, neighbor.peerId) >= 0) {
      neighbor.newestRound = Math.max(neighbor.newestRound, round);
    }
    if (round < horizon - 1 || round > horizon + 1) return undefined;
    if (round < horizon) return slots.find((slot) => slot.round === round);
    return slotFor(round);
  }

  /** Senders go through their phases in order (outbox.ts): this packet says which ones are behind them. */
  function noteProgress(slot: RoundSlot, seat: number, now: number): void {
    if (header.kind === packetKinds.gather) noteThrough(slot.scatterIn[seat], now);
    if (slot.round !== horizon + 1 || !current || current.view.epoch !== slot.view.epoch) return;
    noteThrough(current.scatterIn[seat], now);
    noteThrough(current.gatherIn[seat], now);
  }

  function fits(packet: PacketHeader, bytes: number): boolean {
    if (packet.encoding !== encoding.id || packet.fragment >= fragmentCount) return false;
    return bytes === headerBytes + fragmentLength(shape, packet.fragment) * encoding.bytesPerValue;
  }

  function takeScatter(
    slot: RoundSlot,
    seat: number,
    neighbor: Neighbor,
    bytes: Uint8Array,
    now: number,
  ): void {
    const inflow = slot.scatterIn[seat];
    if (!inflow || slot.seat < 0 || seat === slot.seat || slot.plan.ownerOf(header.fragment) !== slot.seat) {
      neighbor.counts.drops.rejected += 1;
      return;
    }
    const index = header.fragment - slot.owned.first;
    const presentAt = index * slot.contributions.members + seat;
    if (slot.contributions.present[presentAt] !== 0) {
      neighbor.counts.duplicates += 1;
      return;
    }
    if (slot.received[header.fragment] !== fragmentState.missing || slot.finishedAt >= 0) {
      slot.contributions.present[presentAt] = 2;
      countLate(inflow, neighbor, now);
      return;
    }
    const row = rowOf(slot, shape, index, seat);
    const length = fragmentLength(shape, header.fragment);
    if (!encoding.decode(bytes, headerBytes, length, slot.contributions.values, row)) {
      reject(inflow, neighbor);
      return;
    }
    slot.contributions.present[presentAt] = 1;
    noteArrival(inflow, neighbor, now);
    if (slot.begunAt < 0 || slot.listening || inflow.settledAt >= 0) return;
    if (neighbor.awaited) nowWaitingForOneLess(slot, index);
    if (isComplete(inflow)) settleScatter(slot, seat, inflow, now);
    finishIfDone(slot, now);
  }

  function takeGather(
    slot: RoundSlot,
    seat: number,
    neighbor: Neighbor,
    bytes: Uint8Array,
    now: number,
  ): void {
    const { fragment } = header;
    const inflow = slot.gatherIn[seat];
    if (!inflow || seat === slot.seat || slot.plan.ownerOf(fragment) !== seat) {
      neighbor.counts.drops.rejected += 1;
      return;
    }
    if (slot.received[fragment] !== fragmentState.missing) {
      neighbor.counts.duplicates += 1;
      return;
    }
    if (slot.finishedAt >= 0) {
      slot.received[fragment] = fragmentState.lateOnly;
      countLate(inflow, neighbor, now);
      return;
    }
    const length = fragmentLength(shape, fragment);
    if (!encoding.decode(bytes, headerBytes, length, slot.averages, fragment * perFragment)) {
      reject(inflow, neighbor);
      return;
    }
    slot.received[fragment] = fragmentState.counted;
    slot.contributors[fragment] = header.contributors;
    noteArrival(inflow, neighbor, now);
    if (inflow.settledAt < 0 && isComplete(inflow)) inflow.settledAt = now;
    finishIfDone(slot, now);
  }

  function noteArrival(inflow: Inflow, neighbor: Neighbor, now: number): void {
    inflow.got += 1;
    if (inflow.firstAt < 0) inflow.firstAt = now;
    inflow.lastAt = now;
    if (header.remaining <= tailLength(inflow)) noteThrough(inflow, now);
    if (inflow.settledAt >= 0 && !inflow.missed) learnLateness(neighbor, now - inflow.settledAt);
  }

  function countLate(inflow: Inflow, neighbor: Neighbor, now: number): void {
    inflow.late += 1;
    if (inflow.firstAt < 0) inflow.firstAt = now;
    inflow.lastAt = now;
    if (inflow.settledAt >= 0 && !inflow.missed) learnLateness(neighbor, now - inflow.settledAt);
  }

  function reject(inflow: Inflow, neighbor: Neighbor): void {
    inflow.rejected += 1;
    neighbor.counts.drops.rejected += 1;
  }

  function endOfPhase(from: string, marker: EndMarker, now: number): void {
    const slot = slots.find((known) => known.round === marker.round && known.view.epoch === marker.epoch);
    const seat = slot ? seatOf(slot.view, from) : -1;
    const inflow = (marker.phase === "scatter" ? slot?.scatterIn : slot?.gatherIn)?.[seat];
    if (!slot || !inflow || inflow.markedSent >= 0) return;
    if (marker.phase === "gather") noteThrough(slot.scatterIn[seat], now);
    inflow.markedSent = Math.min(marker.sent, inflow.expected);
    inflow.markedAt = now;
    if (slot.begunAt < 0 || inflow.settledAt >= 0 || !isComplete(inflow)) return;
    if (marker.phase === "scatter") settleScatter(slot, seat, inflow, now);
    else inflow.settledAt = now;
    finishIfDone(slot, now);
  }

  // ---- averaging and finishing -----------------------------------------------------------------------

  function average(slot: RoundSlot, index: number): void {
    averageOwned(slot, shape, index, reduce, encoding, scratch, rng);
  }

  function nowWaitingForOneLess(slot: RoundSlot, index: number): void {
    const waiting = (slot.waiting[index] ?? 0) - 1;
    slot.waiting[index] = waiting;
    if (waiting === 0) average(slot, index);
  }

  /** Nothing more is expected of a seat: what it did not deliver is not waited for any longer. */
  function settleScatter(slot: RoundSlot, seat: number, inflow: Inflow, now: number): void {
    inflow.settledAt = now;
    if (slot.begunAt < 0 || slot.listening || slot.scatterClosedAt >= 0) return;
    if (slot.waiting.length > 0 && neighborAt(slot, seat)?.awaited) releaseSeat(slot, seat);
    closeScatterIfDone(slot, now);
  }

  function releaseSeat(slot: RoundSlot, seat: number): void {
    for (const index of slot.closingOrder) {
      const present = slot.contributions.present[index * slot.contributions.members + seat] !== 0;
      const open = slot.received[slot.owned.first + index] === fragmentState.missing;
      if (!present && open && (slot.waiting[index] ?? 0) > 0) nowWaitingForOneLess(slot, index);
    }
  }

  function closeScatterIfDone(slot: RoundSlot, now: number): void {
    if (slot.scatterClosedAt < 0 && slot.averagedCount === slot.waiting.length) slot.scatterClosedAt = now;
  }

  function finishIfDone(slot: RoundSlot, now: number): void {
    if (slot !== current || slot.begunAt < 0 || slot.finishedAt >= 0) return;
    closeScatterIfDone(slot, now);
    const few = stragglersAllowed(slot.view.members.length);
    if (slot.scatterClosedAt < 0) {
      if (slot.scatterNearlyAt < 0 && openSeats(slot, slot.scatterIn, neighborAt) <= few)
        slot.scatterNearlyAt = now;
      return;
    }
    const open = openSeats(slot, slot.gatherIn, neighborAt);
    if (open === 0) finish(slot, now);
    else if (slot.gatherNearlyAt < 0 && open <= few) slot.gatherNearlyAt = now;
  }

  /** When what is missing of a phase is given up. A straggler's averages wait for its own stragglers: twice the grace. */
  function scatterDeadline(slot: RoundSlot): number {
    const lastOnes = slot.scatterNearlyAt < 0 ? Infinity : slot.scatterNearlyAt + slot.graceMs;
    return Math.min(slot.begunAt + slot.phaseMs, lastOnes);
  }

  function gatherDeadline(slot: RoundSlot): number {
    const lastOnes = slot.gatherNearlyAt < 0 ? Infinity : slot.gatherNearlyAt + 2 * slot.graceMs;
    return Math.min(slot.begunAt + 2 * slot.phaseMs, lastOnes);
  }

  function finish(slot: RoundSlot, now: number): void {
    slot.finishedAt = now;
    const own = slot.values ?? new Float32Array(valueCount);
    const verdict = judgeRound(slot, neighborAt, patience);
    for (const neighbor of neighbors.values()) forgetLateness(neighbor);
    const averaged = slot.received.map((state) => (state === fragmentState.counted ? 1 : 0));
    result = {
      round: slot.round,
      epoch: slot.view.epoch,
      values: overlay(slot, shape, own),
      averaged,
      averagedCount: averaged.reduce((sum, one) => sum + one, 0),
      roundMs: now - slot.begunAt,
      lagMs: verdict.lagMs,
      missed: verdict.missed,
      deadlineMs: 2 * slot.phaseMs,
    };
  }

  // ---- time ------------------------------------------------------------------------------------------

  function tick(now: number): void {
    for (const slot of slots) {
      if (slot.begunAt >= 0 && now >= slot.begunAt + 2 * slot.phaseMs) outbox.cancel(slot);
    }
    const slot = current;
    if (!slot || slot.finishedAt >= 0) return;
    settleQuiet(slot, now);
    if (slot.scatterClosedAt < 0 && now >= scatterDeadline(slot)) giveUpOnScatters(slot, now);
    if (slot.scatterClosedAt >= 0 && now >= gatherDeadline(slot)) giveUpOnGathers(slot, now);
    finishIfDone(slot, now);
  }

  function settleQuiet(slot: RoundSlot, now: number): void {
    for (let seat = 0; seat < slot.scatterIn.length; seat++) {
      const quietMs = neighborAt(slot, seat)?.quietMs ?? 0;
      const scatter = slot.scatterIn[seat];
      const gather = slot.gatherIn[seat];
      if (scatter && scatter.settledAt < 0 && now >= quietScatterAt(scatter, quietMs))
        settleScatter(slot, seat, scatter, now);
      if (gather && gather.settledAt < 0 && now >= quietAt(gather, quietMs)) gather.settledAt = now;
    }
  }

  function giveUpOnScatters(slot: RoundSlot, now: number): void {
    for (let seat = 0; seat < slot.scatterIn.length; seat++) {
      const inflow = slot.scatterIn[seat];
      if (!inflow || inflow.settledAt >= 0 || inflow.expected === 0) continue;
      inflow.missed = true;
      settleScatter(slot, seat, inflow, now);
    }
    closeScatterIfDone(slot, now);
  }

  function giveUpOnGathers(slot: RoundSlot, now: number): void {
    for (const inflow of slot.gatherIn) {
      if (inflow.settledAt >= 0 || inflow.expected === 0) continue;
      inflow.missed = true;
      inflow.settledAt = now;
    }
  }

  function wakeAt(): number {
    let at = Infinity;
    const slot = current;
    for (const other of slots) {
      const cancelAt = other.begunAt + 2 * other.phaseMs;
      if (other.begunAt >= 0 && outbox.hasOpen(other)) at = Math.min(at, cancelAt);
    }
    if (!slot || slot.finishedAt >= 0) return at;
    at = Math.min(at, slot.scatterClosedAt < 0 ? scatterDeadline(slot) : gatherDeadline(slot));
    for (let seat = 0; seat < slot.scatterIn.length; seat++) {
      const quietMs = neighborAt(slot, seat)?.quietMs ?? 0;
      const scatter = slot.scatterIn[seat];
      const gather = slot.gatherIn[seat];
      if (scatter && scatter.settledAt < 0) at = Math.min(at, quietScatterAt(scatter, quietMs));
      if (gather && gather.settledAt < 0) at = Math.min(at, quietAt(gather, quietMs));
    }
    return at;
  }

  // ---- links and the room ------------------------------------------------------------------------------

  function linkClosed(id: string, now: number): void {
    const neighbor = neighbors.get(id);
    if (!neighbor) return;
    neighbor.connected = false;
    neighbor.listening = false;
    neighbor.newestRound = -1;
    for (const slot of slots) {
      slot.outflows.delete(id);
      const seat = seatOf(slot.view, id);
      if (seat >= 0 && slot.begunAt >= 0) settleSeat(slot, seat, now);
      finishIfDone(slot, now);
    }
    forgetStranger(id);
  }

  function setListening(id: string, listening: boolean): boolean {
    const neighbor = neighborOf(id);
    const others = [...neighbors.values()].filter((other) => other.listening && other !== neighbor);
    neighbor.listening = listening && others.length < maxListeners;
    return neighbor.listening === listening;
  }

  /** Some members (a quarter, at least two where there are two) are two rounds ahead: go where they are. */
  function jumpTo(): number | undefined {
    const newest = [...neighbors.values()]
      .filter((neighbor) => neighbor.newestRound >= 0)
      .map((neighbor) => neighbor.newestRound)
      .sort((a, b) => b - a);
    const members = views.at(-1)?.members.length ?? 0;
    const quorum = Math.min(newest.length, Math.max(2, Math.ceil(members / 4)));
    const ahead = newest[quorum - 1] ?? -1;
    return ahead >= horizon + 2 ? ahead : undefined;
  }

  return {
    fragmentCount,
    install,
    viewFor: (round) => viewAt(views, round),
    expect(round) {
      horizon = round;
    },
    begin,
    receive,
    endOfPhase,
    linkOpened: (id) => void (neighborOf(id).connected = true),
    linkClosed,
    setListening,
    tick,
    nextPacket(to, out) {
      const neighbor = neighbors.get(to);
      return neighbor?.connected ? outbox.nextPacket(slots, neighbor, out) : 0;
    },
    nextMarker: () => outbox.nextMarker(),
    takeResult() {
      const taken = result;
      result = undefined;
      return taken;
    },
    wakeAt,
    jumpTo,
    counts: (id) => neighbors.get(id)?.counts,
    get strays() {
      return strays;
    },
  };
}
