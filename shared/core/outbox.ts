/**
 * What this peer still owes the others. Packets are written when a link asks for one: scatters of the
 * current round in an order of their own each round, gathers as fragments get averaged. When a phase is
 * through with a receiver, or is cancelled, an end marker says how many packets it was.
 */
import type { Encoding } from "./encoding.ts";
import type { Neighbor } from "./neighbor.ts";
import { maxAudited } from "./audit.ts";
import type { AuditRequest } from "./audit.ts";
import { emptyHeader, headerBytes, packetKinds, writeHeader } from "./packet.ts";
import type { PacketKind } from "./packet.ts";
import type { Parity } from "./parity/parity.ts";
import { shuffle } from "./rng.ts";
import type { Rng } from "./rng.ts";
import { fragmentLength } from "./round-slot.ts";
import type { Outflow, RoundSlot, SlotShape } from "./round-slot.ts";
import { seatOf } from "./view.ts";

/** Sent on the reliable channel after the last packet of a phase. */
export interface EndMarker {
  readonly epoch: number;
  readonly round: number;
  readonly phase: "scatter" | "gather";
  /** Packets that were really handed to the channel, parity aside. */
  readonly sent: number;
}

export interface Outbox {
  /** The round begins: its members get their share, listeners the averages. Who waits to be one hears where we are. */
  openAll(slot: RoundSlot, audience: Iterable<Neighbor>): void;
  /** Another member audits these, which are a third one's: what did we contribute? Too many are not answered. */
  answer(slot: RoundSlot, to: string, request: AuditRequest): void;
  /** Nothing of ours comes in this round, so that a member need not wait for it. */
  decline(slot: RoundSlot, to: Neighbor): void;
  hasOpen(slot: RoundSlot): boolean;
  /** Whoever has been seen in a later round has no use for what is left of an earlier one: that stays unsent. */
  nextPacket(slots: readonly RoundSlot[], to: Neighbor, out: Uint8Array): number;
  nextMarker(): { readonly to: string; readonly marker: EndMarker } | undefined;
  cancelScatter(slot: RoundSlot): void;
  cancel(slot: RoundSlot): void;
}

export function createOutbox(deps: {
  readonly encoding: Encoding;
  readonly shape: SlotShape;
  readonly rng: Rng;
  readonly parity: Parity | undefined;
}): Outbox {
  const { encoding, shape, rng, parity } = deps;
  const header = emptyHeader();
  header.encoding = encoding.id;
  const markers: { to: string; marker: EndMarker }[] = [];

  function openAll(slot: RoundSlot, audience: Iterable<Neighbor>): void {
    for (const neighbor of audience) {
      const seat = seatOf(slot.view, neighbor.peerId);
      if (!neighbor.connected) continue;
      if (seat >= 0 || neighbor.listening) open(slot, neighbor, seat);
      else if (neighbor.asksToListen) mark(slot, neighbor.peerId, "scatter", 0);
    }
  }

  function open(slot: RoundSlot, to: Neighbor, seat: number): void {
    const block = seat >= 0 && slot.seat >= 0 ? slot.plan.blockOf(seat) : { first: 0, end: 0 };
    const scatter = new Uint32Array(block.end - block.first);
    for (let i = 0; i < scatter.length; i++) scatter[i] = block.first + i;
    shuffle(scatter, rng);
    slot.outflows.set(to.peerId, {
      to: to.peerId,
      scatter,
      scatterNext: 0,
      scatterMarked: scatter.length === 0,
      gatherNext: 0,
      gatherMarked: slot.owned.end === slot.owned.first,
      audited: [],
      auditedNext: 0,
    });
  }

  function nextPacket(slots: readonly RoundSlot[], to: Neighbor, out: Uint8Array): number {
    for (const slot of slots) {
      const flow = slot.outflows.get(to.peerId);
      if (!flow) continue;
      if (!to.listening && to.enteredRound > slot.round) end(slot, flow);
      const bytes = nextScatter(slot, flow, out) || nextGather(slot, flow, out);
      if (bytes === 0) continue;
      if (header.kind !== packetKinds.parity) to.counts.sent += 1;
      return bytes;
    }
    return nextAudited(slots, to, out);
  }

  function nextAudited(slots: readonly RoundSlot[], to: Neighbor, out: Uint8Array): number {
    for (const slot of slots) {
      const flow = slot.outflows.get(to.peerId);
      const fragment = flow?.audited[flow.auditedNext];
      if (!flow || fragment === undefined || !slot.values) continue;
      flow.auditedNext += 1;
      to.counts.sent += 1;
      return write(slot, packetKinds.scatter, fragment, 1, 0, slot.values, out);
    }
    return 0;
  }

  function answer(slot: RoundSlot, to: string, { fragments }: AuditRequest): void {
    const flow = slot.outflows.get(to);
    const seat = seatOf(slot.view, to);
    if (!flow || slot.listening || seat < 0) return;
    for (const fragment of fragments) {
      const owner = slot.plan.ownerOf(fragment);
      if (owner < 0 || owner === seat || flow.audited.includes(fragment)) continue;
      if (flow.audited.length < maxAudited) flow.audited.push(fragment);
    }
  }

  function nextScatter(slot: RoundSlot, flow: Outflow, out: Uint8Array): number {
    if (flow.scatterMarked || !slot.values) return 0;
    const fragment = flow.scatter[flow.scatterNext] ?? 0;
    flow.scatterNext += 1;
    const remaining = flow.scatter.length - flow.scatterNext;
    if (remaining === 0) endScatter(slot, flow);
    return write(slot, packetKinds.scatter, fragment, 1, remaining, slot.values, out);
  }

  function nextGather(slot: RoundSlot, flow: Outflow, out: Uint8Array): number {
    const number = flow.gatherNext;
    const averages = slot.averagedOrder.length;
    if (flow.gatherMarked || (number < averages && number >= slot.averagedCount)) return 0;
    flow.gatherNext += 1;
    const remaining = averages + (parity?.packets(slot) ?? 0) - flow.gatherNext;
    if (remaining === 0) endGather(slot, flow);
    if (number >= averages) return writeParity(slot, number - averages, remaining, out);
    const fragment = slot.averagedOrder[number] ?? 0;
    const contributors = slot.contributors[fragment] ?? 1;
    return write(slot, packetKinds.gather, fragment, contributors, remaining, slot.averages, out);
  }

  function write(
    slot: RoundSlot,
    kind: PacketKind,
    fragment: number,
    contributors: number,
    remaining: number,
    values: Float32Array,
    out: Uint8Array,
  ): number {
    address(slot, kind, remaining);
    header.fragment = fragment;
    header.contributors = contributors;
    writeHeader(header, out);
    const length = fragmentLength(shape, fragment);
    encoding.encode(values, fragment * shape.valuesPerFragment, length, out, headerBytes, rng);
    return headerBytes + length * encoding.bytesPerValue;
  }

  function writeParity(slot: RoundSlot, number: number, remaining: number, out: Uint8Array): number {
    address(slot, packetKinds.parity, remaining);
    const bytes = parity?.write(slot, number, header, out) ?? 0;
    writeHeader(header, out);
    return bytes;
  }

  function address(slot: RoundSlot, kind: PacketKind, remaining: number): void {
    header.kind = kind;
    header.epoch = slot.view.epoch;
    header.round = slot.round;
    header.seat = slot.seat;
    header.remaining = remaining;
  }

  function endScatter(slot: RoundSlot, flow: Outflow): void {
    if (flow.scatterMarked) return;
    flow.scatterMarked = true;
    mark(slot, flow.to, "scatter", flow.scatterNext);
  }

  function endGather(slot: RoundSlot, flow: Outflow): void {
    if (flow.gatherMarked) return;
    flow.gatherMarked = true;
    mark(slot, flow.to, "gather", Math.min(flow.gatherNext, slot.averagedOrder.length));
  }

  function decline(slot: RoundSlot, { peerId }: Neighbor): void {
    mark(slot, peerId, "scatter", 0);
    mark(slot, peerId, "gather", 0);
  }

  /** What has not been handed out stays unsent. */
  function end(slot: RoundSlot, flow: Outflow): void {
    endScatter(slot, flow);
    endGather(slot, flow);
  }

  function mark(slot: RoundSlot, to: string, phase: EndMarker["phase"], sent: number): void {
    markers.push({ to, marker: { epoch: slot.view.epoch, round: slot.round, phase, sent } });
  }

  function cancelScatter(slot: RoundSlot): void {
    for (const flow of slot.outflows.values()) endScatter(slot, flow);
  }

  return {
    openAll,
    answer,
    decline,
    hasOpen: (slot) => [...slot.outflows.values()].some((flow) => !flow.scatterMarked || !flow.gatherMarked),
    nextPacket,
    nextMarker: () => markers.shift(),
    cancelScatter,
    cancel(slot) {
      for (const flow of slot.outflows.values()) end(slot, flow);
    },
  };
}
