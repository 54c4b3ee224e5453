/**
 * The wire: a packet is one fragment, at most 1,150 bytes, so that it is one SCTP chunk and one datagram
 * and is lost or arrives as a whole. Little-endian, fixed header (docs/protocol.md):
 *
 *    0 u8 version   1 u8 kind   2 u8 encoding   3 u8 zero    4 u32 epoch   8 u32 round
 *   12 u32 fragment   16 u16 sender's seat   18 u16 contributors   20 u32 remaining   24 values
 *
 * Reading and writing allocate nothing.
 */
const packetVersion = 1;
export const headerBytes = 24;
export const maxPacketBytes = 1_150;

/** Any two differ in two bits. In a parity packet `fragment` is a group and `contributors` one of its rows. */
export const packetKinds = { scatter: 1, gather: 2, parity: 4 } as const;
export type PacketKind = (typeof packetKinds)[keyof typeof packetKinds];

export interface PacketHeader {
  kind: PacketKind;
  encoding: number;
  epoch: number;
  round: number;
  fragment: number;
  /** The sender's place in the view of `epoch`. */
  seat: number;
  /** How many peers' values are in it: 1 in a scatter. */
  contributors: number;
  /** How many packets the sender still has for this receiver in this phase. */
  remaining: number;
}

export function emptyHeader(): PacketHeader {
  return {
    kind: packetKinds.scatter,
    encoding: 0,
    epoch: 0,
    round: 0,
    fragment: 0,
    seat: 0,
    contributors: 1,
    remaining: 0,
  };
}

/** Values of one fragment, so that a whole packet stays within `maxPacketBytes`. */
export function valuesPerFragment(bytesPerValue: number): number {
  return Math.floor((maxPacketBytes - headerBytes) / bytesPerValue / 8) * 8;
}

export function writeHeader(header: Readonly<PacketHeader>, out: Uint8Array): void {
  out[0] = packetVersion;
  out[1] = header.kind;
  out[2] = header.encoding;
  out[3] = 0;
  writeU32(out, 4, header.epoch);
  writeU32(out, 8, header.round);
  writeU32(out, 12, header.fragment);
  writeU16(out, 16, header.seat);
  writeU16(out, 18, header.contributors);
  writeU32(out, 20, header.remaining);
}

/** Reads a stranger's bytes into `header`; false when they are no packet of ours. Never throws. */
export function readHeader(bytes: Uint8Array, header: PacketHeader): boolean {
  if (bytes.length <= headerBytes || bytes.length > maxPacketBytes) return false;
  const kind = bytes[1];
  if (bytes[0] !== packetVersion || bytes[3] !== 0) return false;
  if (kind !== packetKinds.scatter && kind !== packetKinds.gather && kind !== packetKinds.parity)
    return false;
  header.kind = kind;
  header.encoding = bytes[2] ?? 0;
  header.epoch = readU32(bytes, 4);
  header.round = readU32(bytes, 8);
  header.fragment = readU32(bytes, 12);
  header.seat = readU16(bytes, 16);
  header.contributors = readU16(bytes, 18);
  header.remaining = readU32(bytes, 20);
  return true;
}

function writeU16(out: Uint8Array, at: number, value: number): void {
  out[at] = value & 0xff;
  out[at + 1] = (value >>> 8) & 0xff;
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  writeU16(out, at, value & 0xffff);
  writeU16(out, at + 2, value >>> 16);
}

function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function readU32(bytes: Uint8Array, at: number): number {
  return (readU16(bytes, at) | (readU16(bytes, at + 2) << 16)) >>> 0;
}
