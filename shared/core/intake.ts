/**
 * What comes in from strangers: packets and end markers. Anything malformed, from the wrong epoch, out of
 * range, not finite or not owed to us is dropped and counted; nothing here throws. The first copy of a
 * fragment counts, whatever comes after it.
 */
import type { Audit } from "./audit.ts";
import type { Closing } from "./closing.ts";
import type { DropCause, Drops } from "./drops.ts";
import type { Encoding } from "./encoding.ts";
import { isComplete, noteThrough, tailLength } from "./inflow.ts";
import type { Inflow } from "./inflow.ts";
import type { Neighbor } from "./neighbor.ts";
import type { EndMarker } from "./outbox.ts";
import type { Offence } from "./conduct.ts";
import { emptyHeader, headerBytes, packetKinds, readHeader } from "./packet.ts";
import type { Parity } from "./parity/parity.ts";
import { fragmentLength, fragmentState, rowOf } from "./round-slot.ts";
import type { RoundSlot, SlotShape } from "./round-slot.ts";
import { seatOf } from "./view.ts";
import type { View } from "./view.ts";

/** "news": of no use itself, but now we know that its sender is further. "none": it changed nothing. */
export type Use = "some" | "news" | "none";

export interface Intake {
  receive(neighbor: Neighbor, bytes: Uint8Array, now: number): Use;
  endOfPhase(neighbor: Neighbor, marker: EndMarker, now: number): void;
}

export function createIntake(deps: {
  readonly shape: SlotShape;
  readonly encoding: Encoding;
  readonly closing: Closing;
  readonly parity: Parity | undefined;
  readonly audit: Audit | undefined;
  /** The view of a round, if it is of that epoch and the run has such a round. */
  readonly viewFor: (round: number, epoch: number) => View | undefined;
  /** The slot of a round that we take packets of, made if need be. */
  readonly slotFor: (round: number, epoch: number) => RoundSlot | undefined;
  /** A slot that is there, in whatever state. */
  readonly findSlot: (round: number, epoch: number) => RoundSlot | undefined;
  /** An honest peer would not have sent this. */
  readonly onOffence: (neighbor: Neighbor, offence: Offence, now: number) => void;
}): Intake {
  const { shape, encoding, closing, parity } = deps;
  const header = emptyHeader();
  const unused = new Float32Array(shape.valuesPerFragment);

  function receive(neighbor: Neighbor, bytes: Uint8Array, now: number): Use {
    const { drops, conduct } = neighbor.counts;
    if (!readHeader(bytes, header)) return refuse(neighbor, "malformed", now);
    if (conduct.mutedFor > 0) return drop(drops, "rejected", "none");
    const view = deps.viewFor(header.round, header.epoch);
    if (!view) return drop(drops, "stale", "none");
    if (view.members[header.seat] !== neighbor.peerId) return refuse(neighbor, "notOwed", now);
    if (!fits(bytes.length)) return refuse(neighbor, "malformed", now);
    const isNews = header.round > neighbor.newestRound;
    if (isNews) neighbor.newestRound = header.round;
    const slot = deps.slotFor(header.round, header.epoch);
    if (!slot) return drop(drops, "stale", isNews ? "news" : "none");
    const answer = deps.audit?.take(slot, neighbor, header, bytes) ?? "unasked";
    if (answer === "taken") return "some";
    const isUnasked = answer === "unasked";
    if (isUnasked && !isOwed(slot, bytes.length)) return refuse(neighbor, "notOwed", now);
    if (isUnasked && takers[header.kind](slot, neighbor, bytes, now))
      return noteProgress(slot, neighbor, now);
    const isTooLarge = header.kind !== packetKinds.parity && encoding.isFinite(bytes, headerBytes);
    return refuse(neighbor, isTooLarge ? "tooLarge" : "notFinite", now);
  }

  /** It may have been the one that mutes. */
  function refuse(neighbor: Neighbor, offence: Offence, now: number): Use {
    deps.onOffence(neighbor, offence, now);
    return drop(neighbor.counts.drops, "rejected", "some");
  }

  function fits(bytes: number): boolean {
    if (header.encoding !== encoding.id || header.fragment >= shape.fragmentCount) return false;
    if (header.kind === packetKinds.parity) return parity !== undefined;
    return bytes === headerBytes + fragmentLength(shape, header.fragment) * encoding.bytesPerValue;
  }

  /** Scatters go to the fragment's owner, gathers come from it; parity says which group of its block it is of. */
  function isOwed(slot: RoundSlot, bytes: number): boolean {
    if (header.seat === slot.seat) return false;
    if (header.kind === packetKinds.parity)
      return parity !== undefined && bytes === headerBytes + (parity.payloadBytes(slot, header) || Infinity);
    const owner = slot.plan.ownerOf(header.fragment);
    return header.kind === packetKinds.scatter ? owner === slot.seat : owner === header.seat;
  }

  /** Senders go through their phases in order (outbox.ts): this packet says which ones are behind them. */
  function noteProgress(slot: RoundSlot, neighbor: Neighbor, now: number): Use {
    neighbor.enteredRound = Math.max(neighbor.enteredRound, slot.round);
    if (header.kind !== packetKinds.scatter) noteThrough(slot.scatterIn[header.seat], now);
    const before = deps.findSlot(slot.round - 1, slot.view.epoch);
    noteThrough(before?.scatterIn[header.seat], now);
    noteThrough(before?.gatherIn[header.seat], now);
    return "some";
  }

  /** False when a value is not finite or too large. */
  function takeScatter(slot: RoundSlot, neighbor: Neighbor, bytes: Uint8Array, now: number): boolean {
    const { seat, fragment } = header;
    const inflow = slot.scatterIn[seat];
    if (!inflow) return false;
    const index = fragment - slot.owned.first;
    const { present, members, values } = slot.contributions;
    const presentAt = index * members + seat;
    if (present[presentAt] !== 0) return countDuplicate(inflow, neighbor, now);
    if (slot.received[fragment] !== fragmentState.missing || slot.finishedAt >= 0) {
      if (!isSound(bytes)) return reject(inflow);
      present[presentAt] = 2;
      return countLate(inflow, neighbor, now);
    }
    const row = rowOf(slot, shape, index, seat);
    const length = fragmentLength(shape, fragment);
    if (!encoding.decode(bytes, headerBytes, length, values, row)) return reject(inflow);
    present[presentAt] = 1;
    countArrival(inflow, neighbor, now, tailLength(inflow));
    if (slot.begunAt < 0 || slot.listening || inflow.settledAt >= 0) return true;
    if (neighbor.awaited) closing.contributed(slot, index);
    if (isComplete(inflow)) closing.settleScatter(slot, seat, inflow, now);
    return true;
  }

  function takeGather(slot: RoundSlot, neighbor: Neighbor, bytes: Uint8Array, now: number): boolean {
    const { seat, fragment } = header;
    const inflow = slot.gatherIn[seat];
    if (!inflow) return false;
    if (slot.received[fragment] !== fragmentState.missing) return countDuplicate(inflow, neighbor, now);
    if (slot.finishedAt >= 0) {
      if (!isSound(bytes)) return reject(inflow);
      slot.received[fragment] = fragmentState.lateOnly;
      return countLate(inflow, neighbor, now);
    }
    const length = fragmentLength(shape, fragment);
    const start = fragment * shape.valuesPerFragment;
    if (!encoding.decode(bytes, headerBytes, length, slot.averages, start)) return reject(inflow);
    slot.received[fragment] = fragmentState.counted;
    slot.contributors[fragment] = header.contributors;
    // Parity goes out in one go; what comes before it may have to wait for the last average.
    countArrival(inflow, neighbor, now, parity ? -1 : tailLength(inflow));
    gaveBack(inflow, parity?.average(slot, seat, fragment) ?? 0, now);
    return true;
  }

  /** Of a packet whose values come too late to be used: nonsense says nothing about how late a peer is. */
  function isSound(bytes: Uint8Array): boolean {
    return encoding.decode(bytes, headerBytes, fragmentLength(shape, header.fragment), unused, 0);
  }

  /** Too late it is worth nothing, and nothing was owed. */
  function takeParity(slot: RoundSlot, neighbor: Neighbor, bytes: Uint8Array, now: number): boolean {
    const inflow = slot.gatherIn[header.seat];
    if (!inflow || !parity) return false;
    if (slot.finishedAt >= 0) return true;
    if (header.remaining <= tailLength(inflow)) noteThrough(inflow, now);
    inflow.lastAt = now;
    const taken = parity.take(slot, header, bytes);
    if (taken === "duplicate") return countDuplicate(inflow, neighbor, now);
    if (taken === "rejected") return false;
    gaveBack(inflow, taken, now);
    return true;
  }

  /** A network may hand over a packet twice. */
  function countDuplicate(inflow: Inflow, neighbor: Neighbor, now: number): true {
    neighbor.counts.duplicates += 1;
    inflow.duplicates += 1;
    if (inflow.duplicates > 2 * inflow.expected) deps.onOffence(neighbor, "duplicate", now);
    return true;
  }

  /** `tail`: with so few packets to come the sender is as good as through. */
  function countArrival(inflow: Inflow, neighbor: Neighbor, now: number, tail: number): void {
    inflow.got += 1;
    if (header.remaining <= tail) noteThrough(inflow, now);
    noteTime(inflow, neighbor, now);
  }

  const takers = {
    [packetKinds.scatter]: takeScatter,
    [packetKinds.gather]: takeGather,
    [packetKinds.parity]: takeParity,
  };

  /** May be the first we hear of a round: its packets may all be lost, or there were none. */
  function endOfPhase(neighbor: Neighbor, marker: EndMarker, now: number): void {
    const view = deps.viewFor(marker.round, marker.epoch);
    if (!view?.members.includes(neighbor.peerId) || neighbor.counts.conduct.mutedFor > 0) return;
    neighbor.newestRound = Math.max(neighbor.newestRound, marker.round);
    noteDecline(neighbor, marker);
    const slot = deps.slotFor(marker.round, marker.epoch);
    const seat = slot ? seatOf(slot.view, neighbor.peerId) : -1;
    const inflow = (marker.phase === "scatter" ? slot?.scatterIn : slot?.gatherIn)?.[seat];
    if (!slot || !inflow || inflow.markedSent >= 0) return;
    if (marker.phase === "gather") noteThrough(slot.scatterIn[seat], now);
    inflow.markedSent = Math.min(marker.sent, inflow.expected);
    inflow.markedAt = now;
    neighbor.enteredRound = Math.max(neighbor.enteredRound, slot.round);
    if (slot.begunAt < 0 || inflow.settledAt >= 0 || !isComplete(inflow)) return;
    if (marker.phase === "scatter") closing.settleScatter(slot, seat, inflow, now);
    else inflow.settledAt = now;
  }

  return { receive, endOfPhase };
}

function drop(drops: Drops, cause: DropCause, use: Use): Use {
  drops[cause] += 1;
  return use;
}

/** It says so of both phases, the gathers last. Who has sent something of the round takes part. */
function noteDecline(neighbor: Neighbor, { phase, sent, round }: EndMarker): void {
  if (sent > 0) neighbor.contributedRound = Math.max(neighbor.contributedRound, round);
  else if (phase === "gather" && neighbor.contributedRound < round)
    neighbor.declinedRound = Math.max(neighbor.declinedRound, round);
}

/** What parity gave back has arrived. */
function gaveBack(inflow: Inflow, fragments: number, now: number): void {
  inflow.got += fragments;
  if (inflow.settledAt < 0 && isComplete(inflow)) inflow.settledAt = now;
}

function countLate(inflow: Inflow, neighbor: Neighbor, now: number): true {
  inflow.late += 1;
  noteTime(inflow, neighbor, now);
  return true;
}

function noteTime(inflow: Inflow, neighbor: Neighbor, now: number): void {
  if (inflow.firstAt < 0) inflow.firstAt = now;
  inflow.lastAt = now;
  if (inflow.settledAt < 0) neighbor.inTime += 1;
  else if (!inflow.missed) neighbor.tooLate += 1;
}

function reject(inflow: Inflow): false {
  inflow.rejected += 1;
  return false;
}
