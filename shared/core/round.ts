/**
 * One peer's side of every round, as a sans-IO state machine: events in (`begin`, `receive`, `endOfPhase`,
 * `linkOpened`, `linkClosed`, `tick`), effects out by asking (`nextPacket`, `nextMarker`, `takeResult`,
 * `wakeAt`). No clock, randomness or socket of its own: the same code runs in Node, in a tab and in the
 * simulator.
 *
 * Packets are *pulled* by whoever owns the links, when a link can take one: nothing is queued that could
 * not be cancelled, and what is past its phase is never handed out.
 */
import { judgeRound } from "./attendance.ts";
import { createClosing } from "./closing.ts";
import { fade, offend, offenceLimit } from "./conduct.ts";
import type { Offence } from "./conduct.ts";
import { createDoubts } from "./doubts.ts";
import { createIntake } from "./intake.ts";
import type { Use } from "./intake.ts";
import { noteMuted, steerQuiet } from "./neighbor.ts";
import type { Neighbor } from "./neighbor.ts";
import { createNeighborhood } from "./neighborhood.ts";
import { createOutbox } from "./outbox.ts";
import type { EndMarker } from "./outbox.ts";
import { valuesPerFragment } from "./packet.ts";
import { createParity } from "./parity/parity.ts";
import { createPatience } from "./patience.ts";
import { createPlan, fragmentsFor } from "./plan.ts";
import type { Come, RoundMachine, RoundMachineOptions, RoundResult } from "./round-machine.ts";
import { retire } from "./retire.ts";
import { createSlot, fragmentState, overlay, sendingEnds } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";
import { createSlotMemory } from "./slot-memory.ts";
import { seatOf } from "./view.ts";
import type { View } from "./view.ts";

export type { Come, RoundMachine, RoundMachineOptions, RoundResult } from "./round-machine.ts";

export function createRoundMachine(options: RoundMachineOptions): RoundMachine {
  const { peerId, encoding, reduce, rng, valueCount, exchangesUpdates = false, audit = 0 } = options;
  const perFragment = options.valuesPerFragment ?? valuesPerFragment(encoding.bytesPerValue);
  const fragmentCount = fragmentsFor(valueCount, perFragment);
  const shape: SlotShape = { valueCount, fragmentCount, valuesPerFragment: perFragment };
  const planFor = options.planFor ?? createPlan;

  const neighborhood = createNeighborhood(peerId);
  const patience = createPatience(options.patience);
  const neighborAt = (slot: RoundSlot, seat: number) => neighborhood.get(slot.view.members[seat] ?? "");
  const parity = options.parity
    ? createParity({ overhead: options.parity, shape, encoding, rng })
    : undefined;
  const outbox = createOutbox({ encoding, shape, rng, parity });
  const lossless = options.patience?.lossless ?? false;
  const memory = createSlotMemory();
  const common = { shape, encoding, reduce, rng, neighborAt };
  const doubts = options.doubtsOthers ? createDoubts({ ...common, exchangesUpdates, audit }) : undefined;
  const closing = createClosing({ ...common, lossless, contributionCheck: doubts?.contributionCheck });
  const intake = createIntake({
    shape,
    encoding,
    closing,
    parity,
    audit: doubts?.audit,
    viewFor: viewForPacket,
    slotFor: slotForPacket,
    findSlot,
    onOffence,
  });
  const offenders: { readonly peerId: string; readonly offence: Offence }[] = [];

  /** By round: the one before (still being sent, late arrivals), the current, the next (others are ahead). */
  let slots: RoundSlot[] = [];
  let current: RoundSlot | undefined;
  /** The round we are in, or about to enter. */
  let horizon = 0;
  let result: RoundResult | undefined;
  let strays = 0;

  function install(view: View): void {
    if (!neighborhood.install(view)) return;
    keep((slot) => slot.begunAt >= 0 || viewHolds(slot));
  }

  // ---- slots -------------------------------------------------------------------------------------------

  const viewHolds = (slot: RoundSlot) => neighborhood.viewAt(slot.round)?.epoch === slot.view.epoch;

  function findSlot(round: number, epoch: number): RoundSlot | undefined {
    return slots.find((slot) => slot.round === round && slot.view.epoch === epoch);
  }

  function slotFor(round: number): RoundSlot | undefined {
    const view = neighborhood.viewAt(round);
    const known = view && findSlot(round, view.epoch);
    if (known || !view?.members.length) return known;
    const { epoch, members } = view;
    const plan = planFor({ seed: options.seed, epoch, round, members: members.length, fragmentCount });
    const slot = createSlot(round, view, plan, seatOf(view, peerId), shape, rng, memory);
    slots = [...slots, slot].toSorted((a, b) => a.round - b.round);
    return slot;
  }

  function viewForPacket(round: number, epoch: number): View | undefined {
    if (round >= (options.rounds ?? Infinity)) return undefined;
    const view = findSlot(round, epoch)?.view ?? neighborhood.viewAt(round);
    return view?.epoch === epoch ? view : undefined;
  }

  /** Two rounds are kept for packets that are early or late; what is further away only says where the sender is. */
  function slotForPacket(round: number, epoch: number): RoundSlot | undefined {
    const known = findSlot(round, epoch);
    if (round < horizon - 1 || round > horizon + 1) return undefined;
    // A round that has begun under an older view stays with it.
    return known || round < horizon || round === current?.round ? known : slotFor(round);
  }

  /** Gives up the slots that are not to be kept, and their accounts with them. */
  function keep(isKept: (slot: RoundSlot) => boolean): void {
    for (const slot of slots.filter((held) => !isKept(held))) {
      outbox.cancel(slot);
      retire(slot, neighborAt, patience);
      memory.give(slot.contributions.values);
      memory.give(slot.averages);
    }
    slots = slots.filter(isKept);
    if (current && !slots.includes(current)) current = undefined;
  }

  /** No more than three rounds are ever held, wherever we jump to. */
  function expect(round: number): void {
    horizon = round;
    keep((slot) => slot.round === round - 1 || (Math.abs(slot.round - round) <= 1 && viewHolds(slot)));
  }

  function restart(): void {
    neighborhood.restart();
    expect(0);
    keep(() => false);
  }

  // ---- a round -----------------------------------------------------------------------------------------

  function begin(round: number, values: Float32Array, now: number, listen = false, kept = values): void {
    const slot = slotFor(round);
    if (!slot) throw new Error(`round ${round}: no view holds yet`);
    if (slot.seat < 0 && !listen) throw new Error(`round ${round}: not a member of view ${slot.view.epoch}`);
    if (slot.begunAt >= 0) throw new Error(`round ${round}: begun before`);
    expect(round);
    neighborhood.enter(round);
    for (const older of slots) if (older.round < round) outbox.cancelScatter(older);
    current = slot;
    result = undefined;
    const beforeAt = findSlot(round - 1, slot.view.epoch)?.begunAt ?? -1;
    const { phaseMs, graceMs } = patience;
    Object.assign(slot, { values, kept, listening: listen, begunAt: now, beforeAt, phaseMs, graceMs });
    if (listen) decline(slot);
    else outbox.openAll(slot, neighborhood.audience(now));
    closing.start(slot, now);
    finishIfOver(now);
  }

  /** A member that only listens, since it fell behind or its replica is not whole yet, keeps nobody waiting. */
  function decline(slot: RoundSlot, to: Iterable<Neighbor> = neighborhood.all()): void {
    for (const neighbor of slot.seat >= 0 ? to : [])
      if (neighbor.connected && seatOf(slot.view, neighbor.peerId) >= 0) outbox.decline(slot, neighbor);
  }

  function finishIfOver(now: number): void {
    if (!current || current.finishedAt >= 0 || !closing.isOver(current, now)) return;
    const slot = current;
    slot.finishedAt = now;
    const verdict = judgeRound(slot, neighborAt, patience);
    const come = comeOf(slot);
    for (const { peerId: id, offence } of doubts?.judge(slot, come.values) ?? []) {
      const neighbor = neighborhood.get(id);
      if (neighbor) onOffence(neighbor, offence, now);
    }
    for (const neighbor of neighborhood.all()) {
      steerQuiet(neighbor);
      fade(neighbor.counts.conduct);
    }
    result = {
      round: slot.round,
      epoch: slot.view.epoch,
      ...come,
      roundMs: now - slot.begunAt,
      lagMs: verdict.lagMs,
      missed: verdict.missed,
      deadlineMs: 2 * slot.phaseMs,
    };
  }

  function comeOf(slot: RoundSlot): Come {
    const averaged = slot.received.map((state) => (state === fragmentState.counted ? 1 : 0));
    const averagedCount = averaged.reduce((sum, one) => sum + one, 0);
    return { values: overlay(slot, shape), averaged, averagedCount };
  }

  // ---- events ------------------------------------------------------------------------------------------

  function receive(from: string, bytes: Uint8Array, now: number): Use {
    const neighbor = neighborhood.get(from);
    if (!neighbor) strays += 1;
    const use = neighbor ? intake.receive(neighbor, bytes, now) : "none";
    if (use === "some") finishIfOver(now);
    return use;
  }

  function endOfPhase(from: string, marker: EndMarker, now: number): void {
    const neighbor = neighborhood.get(from);
    if (neighbor) intake.endOfPhase(neighbor, marker, now);
    finishIfOver(now);
  }

  /** Nothing comes from it any more, or nothing that counts. */
  function settleAll(id: string, now: number): void {
    for (const slot of slots) {
      const seat = seatOf(slot.view, id);
      if (seat >= 0 && slot.begunAt >= 0) closing.settleSeat(slot, seat, now);
    }
  }

  function onOffence(neighbor: Neighbor, offence: Offence, now: number): void {
    if (!offend(neighbor.counts.conduct, offence, options.offenceLimit ?? offenceLimit)) return;
    offenders.push({ peerId: neighbor.peerId, offence });
    settleAll(neighbor.peerId, now);
    noteMuted(neighbor);
  }

  function linkClosed(id: string, now: number): void {
    for (const slot of slots) slot.outflows.delete(id);
    settleAll(id, now);
    neighborhood.linkClosed(id); // last: it may forget the neighbour
    finishIfOver(now);
  }

  function tick(now: number): void {
    for (const slot of slots) if (slot.begunAt >= 0 && now >= sendingEnds(slot)) outbox.cancel(slot);
    if (!current || current.finishedAt >= 0) return;
    closing.tick(current, now);
    finishIfOver(now);
  }

  function wakeAt(): number {
    const sending = slots.filter((slot) => slot.begunAt >= 0 && outbox.hasOpen(slot)).map(sendingEnds);
    const waiting = current && current.finishedAt < 0 ? closing.wakeAt(current) : Infinity;
    return Math.min(waiting, ...sending);
  }

  return {
    fragmentCount,
    install,
    restart,
    viewFor: neighborhood.viewAt,
    turnOf(round) {
      const view = neighborhood.viewAt(round);
      const seat = view ? seatOf(view, peerId) : -1;
      return view && seat >= 0 ? { view, round, seat } : undefined;
    },
    expect,
    begin,
    receive,
    endOfPhase,
    linkOpened(id) {
      const neighbor = neighborhood.linkOpened(id);
      if (current?.listening) decline(current, [neighbor]); // or it might follow us
    },
    linkClosed,
    setListening: neighborhood.setListening,
    tick,
    nextPacket(to, out) {
      const neighbor = neighborhood.get(to);
      return neighbor?.connected ? outbox.nextPacket(slots, neighbor, out) : 0;
    },
    nextMarker: outbox.nextMarker,
    nextRequest: () => doubts?.audit?.nextRequest(),
    audited(from, request) {
      const slot = findSlot(request.round, request.epoch);
      if (slot && doubts?.audit) outbox.answer(slot, from, request);
    },
    takeResult() {
      const taken = result;
      result = undefined;
      return taken;
    },
    heard: () => (current?.listening ? comeOf(current) : undefined),
    takeOffender: () => offenders.shift(),
    wakeAt,
    isAhead: neighborhood.isAhead,
    isLeaderless: neighborhood.isLeaderless,
    newestRound: () => neighborhood.newestRound(horizon),
    jumpTo() {
      const newest = neighborhood.newestRound(horizon);
      return newest >= horizon + 2 ? newest : undefined;
    },
    conclude: () => keep(() => false),
    counts: (id) => neighborhood.account(id),
    get strays() {
      return strays;
    },
  };
}
