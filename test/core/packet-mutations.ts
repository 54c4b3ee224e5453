/** What a stranger may make of a real packet. */
import { encodingOf } from "../../shared/core/encoding.ts";
import { headerBytes, packetKinds } from "../../shared/core/packet.ts";
import type { Rng } from "../../shared/core/rng.ts";
import type { EncodingName } from "../../shared/core/task.ts";

export interface Attack {
  /** Real packets of the attacker's seat, this round's last. */
  readonly seen: readonly Uint8Array[];
  readonly round: number;
  readonly fragmentCount: number;
  readonly encoding: EncodingName;
  readonly rng: Rng;
}
export type Mutate = (packet: Uint8Array, attack: Attack) => Uint8Array;

export const u32Extremes = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff] as const;

export const pick = <Item>(items: readonly Item[], rng: Rng): Item | undefined =>
  items[rng.below(items.length)];

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset);

function setU32(bytes: Uint8Array, at: number, value: number): Uint8Array {
  viewOf(bytes).setUint32(at, value, true);
  return bytes;
}

function setByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value;
  return bytes;
}

const isParity = (packet: Uint8Array) => packet[1] === packetKinds.parity;

/** One value is none, or too large. Bytes of parity are no values: of those a row that there is not. */
function withoutSense(packet: Uint8Array, { encoding, rng }: Attack): Uint8Array {
  if (isParity(packet)) return setByte(packet, 18, 128 + rng.below(128));
  const { bytesPerValue } = encodingOf(encoding);
  const at = headerBytes + bytesPerValue * rng.below((packet.length - headerBytes) / bytesPerValue);
  const sign = rng.below(2);
  if (bytesPerValue === 2) viewOf(packet).setUint16(at, (sign << 15) | (0x7c00 + rng.below(0x400)), true);
  else {
    const nonsense =
      pick([0x7fc0_0000 + rng.below(9), 0x7f80_0000, 0x4780_0000 + rng.below(2 ** 24)], rng) ?? 0;
    setU32(packet, at, ((sign << 31) | nonsense) >>> 0);
  }
  return packet;
}

/** Whatever comes of these must not count. */
export const invalid: readonly Mutate[] = [
  (packet, { rng }) => packet.slice(0, rng.below(packet.length)),
  (packet, { rng }) => Uint8Array.from([...packet, ...new Uint8Array(1 + rng.below(1_500))]),
  (_, { rng }) => Uint8Array.from({ length: rng.below(200) }, () => rng.below(256)),
  (packet, { rng }) => setByte(packet, 0, 2 + rng.below(254)),
  (packet, { rng }) => setByte(packet, 1, pick([0, 3, 5 + rng.below(251)], rng) ?? 0),
  (packet, { rng }) => setByte(packet, 2, (packet[2] ?? 0) + 1 + rng.below(255)),
  (packet, { rng }) => setByte(packet, 3, 1 + rng.below(255)),
  (packet, { rng }) => setU32(packet, 4, pick([0, 2, 0x100, 0x7fff_ffff, 0xffff_ffff], rng) ?? 0),
  (packet, { rng, round }) => setU32(packet, 8, round + 2 + rng.below(1_000_000)),
  (packet, { rng }) => setU32(packet, 8, pick([0x7fff_ffff, 0x8000_0000, 0xffff_ffff], rng) ?? 0),
  (packet, { rng, fragmentCount }) => setU32(packet, 12, fragmentCount + rng.below(1_000_000)),
  (packet) => setU32(packet, 12, 0xffff_ffff),
  (packet, { rng }) => setByte(packet, 16, pick([0, 2, 3, 4, 255], rng) ?? 0),
  (packet, { rng }) => setByte(packet, 17, 1 + rng.below(255)),
  withoutSense,
  withoutSense,
  // Of the round before: what comes too late is looked at, too.
  (packet, attack) => withoutSense(attack.seen.at(-80)?.slice() ?? packet, attack),
  // Of round 0, when that is stale: before, it could be the first copy of one that got lost.
  (_, { seen, round }) => (round >= 2 && seen[0]?.slice()) || new Uint8Array(0),
];

/** These may make packets that are as good as real ones. */
export const anything: readonly Mutate[] = [
  ...invalid,
  (packet, { rng }) => {
    for (let flips = 1 + rng.below(4); flips > 0; flips--) {
      const at = rng.below(packet.length);
      packet[at] = (packet[at] ?? 0) ^ (1 << rng.below(8));
    }
    return packet;
  },
  (packet, { rng }) => setU32(packet, 4 * (1 + rng.below(5)), pick(u32Extremes, rng) ?? 0),
  (packet, { rng }) => setByte(packet, rng.below(headerBytes), rng.below(256)),
  (packet, { rng, round }) => setU32(packet, 8, Math.max(0, round - 2 + rng.below(5))),
  (packet, { rng, fragmentCount }) => setU32(packet, 12, rng.below(fragmentCount)),
  (_, { seen, rng }) => pick(seen, rng)?.slice() ?? new Uint8Array(0),
  // Parity of parity's form, and bytes that no owner has computed.
  (packet, { seen, rng }) => {
    const parity = pick(seen.slice(-80).filter(isParity), rng)?.slice() ?? packet;
    for (let at = headerBytes; at < parity.length; at++) parity[at] = rng.below(256);
    return parity;
  },
];
