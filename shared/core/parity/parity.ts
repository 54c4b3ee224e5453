/**
 * Parity on the gather: after the averages of its block an owner sends packets from which whoever missed
 * some of them can compute those, to the bit. Nothing is asked for and nothing is sent again; all that
 * changes for the algorithm is that less is lost. Computed when the first link asks for it, and undone only
 * where something is missing.
 */
import type { Encoding } from "../encoding.ts";
import { headerBytes } from "../packet.ts";
import type { PacketHeader } from "../packet.ts";
import type { Rng } from "../rng.ts";
import { fragmentLength, fragmentState } from "../round-slot.ts";
import type { RoundSlot, SlotShape } from "../round-slot.ts";
import { parityOf, recover } from "./erasure-code.ts";
import type { ParityTables } from "./erasure-code.ts";
import { createGroups } from "./groups.ts";
import type { Groups } from "./groups.ts";

export interface Parity {
  /** Parity packets that this peer owes every receiver of its block. */
  packets(slot: RoundSlot): number;
  /** Fills in a header and a payload: one of our own packets. Returns the packet's length. */
  write(slot: RoundSlot, number: number, header: PacketHeader, out: Uint8Array): number;
  /** What the payload of a stranger's packet must measure; 0 where there can be no such packet. */
  payloadBytes(slot: RoundSlot, header: Readonly<PacketHeader>): number;
  /** A packet that was checked: is it worth anything, and what did it give back? */
  take(slot: RoundSlot, header: Readonly<PacketHeader>, bytes: Uint8Array): Taken;
  /** An average of this seat has come: it may have been the last that was wanting. Returns how many came back. */
  average(slot: RoundSlot, seat: number, fragment: number): number;
}

/** Fragments that are there now; or what was wrong with the packet. */
export type Taken = number | "duplicate" | "rejected";

/** Parity that came for one group; `spoilt` once it turned out to make no sense. */
export interface HeldParity {
  readonly rows: Map<number, Uint8Array>;
  spoilt: boolean;
}

interface Block {
  readonly first: number;
  readonly groups: Groups;
}

export function createParity(deps: {
  readonly overhead: number;
  readonly shape: SlotShape;
  readonly encoding: Encoding;
  readonly rng: Rng;
}): Parity {
  const { overhead, shape, encoding, rng } = deps;
  /** By the block's size: a view has two at most. */
  const known = new Map<number, Groups>();
  const tables: ParityTables = new Map();

  function groupsOf(fragments: number): Groups {
    const groups = known.get(fragments) ?? createGroups(fragments, overhead);
    known.set(fragments, groups);
    return groups;
  }

  function blockOf(slot: RoundSlot, seat: number): Block {
    const { first, end } = slot.plan.blockOf(seat);
    return { first, groups: groupsOf(end - first) };
  }

  const bytesOf = (fragment: number) => fragmentLength(shape, fragment) * encoding.bytesPerValue;

  /** Only the model's last fragment is shorter, and it is the last of its group: its row ends in zeros. */
  function rowBytes({ first, groups }: Block, group: number): number {
    return bytesOf(first + (groups.membersOf(group)[0] ?? 0));
  }

  /** A group's averages as they travel; zeros where there is none. */
  function encoded(slot: RoundSlot, { first, groups }: Block, group: number, length: number): Uint8Array {
    const members = groups.membersOf(group);
    const data = new Uint8Array(members.length * length);
    for (const [row, index] of members.entries()) {
      if (slot.received[first + index] !== fragmentState.counted) continue;
      const start = (first + index) * shape.valuesPerFragment;
      const count = fragmentLength(shape, first + index);
      encoding.encode(slot.averages, start, count, data, row * length, rng);
    }
    return data;
  }

  function ownRows(slot: RoundSlot, block: Block, group: number): readonly Uint8Array[] {
    const made = slot.parityOut.get(group);
    if (made) return made;
    const length = rowBytes(block, group);
    const data = encoded(slot, block, group, length);
    const dataRows = block.groups.membersOf(group).length;
    const rows = parityOf(block.groups.rowsOf(group), data, dataRows, length, tables);
    slot.parityOut.set(group, rows);
    return rows;
  }

  function packets(slot: RoundSlot): number {
    return groupsOf(slot.owned.end - slot.owned.first).packets;
  }

  function write(slot: RoundSlot, number: number, header: PacketHeader, out: Uint8Array): number {
    const block = blockOf(slot, slot.seat);
    const { group, row } = block.groups.packetAt(number);
    const payload = ownRows(slot, block, group)[row] ?? new Uint8Array(0);
    header.fragment = group;
    header.contributors = row;
    out.set(payload, headerBytes);
    return headerBytes + payload.length;
  }

  function payloadBytes(slot: RoundSlot, { seat, fragment, contributors }: Readonly<PacketHeader>): number {
    const block = blockOf(slot, seat);
    return contributors < block.groups.rowsOf(fragment) ? rowBytes(block, fragment) : 0;
  }

  function take(slot: RoundSlot, header: Readonly<PacketHeader>, bytes: Uint8Array): Taken {
    const { seat, fragment: group, contributors: row } = header;
    const block = blockOf(slot, seat);
    if (countMissing(slot, block, group) === 0) return 0;
    const held = heldOf(slot, seat, group) ?? { rows: new Map<number, Uint8Array>(), spoilt: false };
    if (held.rows.has(row) || held.spoilt) return "duplicate";
    held.rows.set(row, bytes.slice(headerBytes));
    slot.parityIn.set(keyOf(seat, group), held);
    return complete(slot, block, group, held) ?? "rejected";
  }

  function average(slot: RoundSlot, seat: number, fragment: number): number {
    if (slot.parityIn.size === 0) return 0;
    const block = blockOf(slot, seat);
    const group = block.groups.groupOf(fragment - block.first);
    const held = heldOf(slot, seat, group);
    return held ? (complete(slot, block, group, held) ?? 0) : 0;
  }

  /** Fills in the group once that is possible; undefined where what came out were no values. */
  function complete(slot: RoundSlot, block: Block, group: number, held: HeldParity): number | undefined {
    const count = countMissing(slot, block, group);
    if (count === 0 || count > held.rows.size) return 0;
    const { first, groups } = block;
    const members = groups.membersOf(group);
    const isMissing = (row: number) => slot.received[first + (members[row] ?? 0)] !== fragmentState.counted;
    const missing = [...members.keys()].filter(isMissing);
    const length = rowBytes(block, group);
    const data = encoded(slot, block, group, length);
    recover(data, members.length, length, missing, [...held.rows]);
    held.rows.clear();
    held.spoilt = !missing.every((row) => decode(slot, first + (members[row] ?? 0), data, row * length));
    if (held.spoilt) return undefined;
    for (const row of missing) slot.received[first + (members[row] ?? 0)] = fragmentState.counted;
    return count;
  }

  function decode(slot: RoundSlot, fragment: number, data: Uint8Array, at: number): boolean {
    const start = fragment * shape.valuesPerFragment;
    return encoding.decode(data, at, fragmentLength(shape, fragment), slot.averages, start);
  }

  return { packets, write, payloadBytes, take, average };
}

function countMissing(slot: RoundSlot, { first, groups }: Block, group: number): number {
  const members = groups.membersOf(group);
  let missing = 0;
  for (let row = 0; row < members.length; row++)
    if (slot.received[first + (members[row] ?? 0)] !== fragmentState.counted) missing += 1;
  return missing;
}

function heldOf(slot: RoundSlot, seat: number, group: number): HeldParity | undefined {
  return slot.parityIn.get(keyOf(seat, group));
}

function keyOf(seat: number, group: number): number {
  return seat * 0x1_0000_0000 + group;
}
