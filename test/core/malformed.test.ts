/**
 * Malformed packets into a group of four that goes on averaging under loss. They come in the name
 * of a member whose real packets arrive as well: the worst a stranger could manage.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { headerBytes, maxPacketBytes } from "../../shared/core/packet.ts";
import { createRng, mix } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import type { Group } from "../../shared/simulation/group.ts";
import { randomVectors } from "./exchange.ts";

const members = 4;
const rounds = 100;
/** SHOAL_FUZZ_PACKETS: for a longer look. */
const packets = Number(process.env["SHOAL_FUZZ_PACKETS"] ?? 10_000);
const valuesPerFragment = 4;
const valueCount = 30 * valuesPerFragment;
const attacker = "peer-1";
const u32Extremes = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff] as const;

interface Attack {
  /** Real packets of the attacker's seat, this round's last. */
  readonly seen: readonly Uint8Array[];
  readonly round: number;
  readonly rng: Rng;
}
type Mutate = (packet: Uint8Array, attack: Attack) => Uint8Array;

const pick = <Item>(items: readonly Item[], rng: Rng): Item | undefined => items[rng.below(items.length)];

function setU32(bytes: Uint8Array, at: number, value: number): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, true);
  return bytes;
}

function setByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value;
  return bytes;
}

/** Whatever comes of these must not count. */
const invalid: readonly Mutate[] = [
  (packet, { rng }) => packet.slice(0, rng.below(packet.length)),
  (packet, { rng }) => Uint8Array.from([...packet, ...new Uint8Array(1 + rng.below(1_500))]),
  (_, { rng }) => Uint8Array.from({ length: rng.below(200) }, () => rng.below(256)),
  (packet, { rng }) => setByte(packet, 0, 2 + rng.below(254)),
  (packet, { rng }) => setByte(packet, 1, 3 + rng.below(253)),
  (packet, { rng }) => setByte(packet, 2, 1 + rng.below(255)),
  (packet, { rng }) => setByte(packet, 3, 1 + rng.below(255)),
  (packet, { rng }) => setU32(packet, 4, pick([0, 2, 0x100, 0x7fff_ffff, 0xffff_ffff], rng) ?? 0),
  (packet, { rng, round }) => setU32(packet, 8, round + 2 + rng.below(1_000_000)),
  (packet, { rng }) => setU32(packet, 8, pick([0x7fff_ffff, 0x8000_0000, 0xffff_ffff], rng) ?? 0),
  (packet, { rng }) => setU32(packet, 12, valueCount / valuesPerFragment + rng.below(1_000_000)),
  (packet) => setU32(packet, 12, 0xffff_ffff),
  (packet, { rng }) => setByte(packet, 16, pick([0, 2, 3, 4, 255], rng) ?? 0),
  (packet, { rng }) => setByte(packet, 17, 1 + rng.below(255)),
  (packet, { rng }) =>
    setU32(packet, headerBytes + 4 * rng.below(valuesPerFragment), 0x7fc0_0000 + rng.below(9)),
  (packet, { rng }) => setU32(packet, headerBytes + 4 * rng.below(valuesPerFragment), 0x7f80_0000),
  // Of round 0, when that is stale: before, it could be the first copy of one that got lost.
  (_, { seen, round }) => (round >= 2 && seen[0]?.slice()) || new Uint8Array(0),
];

/** These may make packets that are as good as real ones. */
const anything: readonly Mutate[] = [
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
  (packet, { rng }) => setU32(packet, 12, rng.below(valueCount / valuesPerFragment)),
  (_, { seen, rng }) => pick(seen, rng)?.slice() ?? new Uint8Array(0),
];

interface Run {
  readonly group: Group;
  readonly values: readonly Float32Array[][];
  readonly worstDeadlineUse: number;
  readonly fed: number;
  /** Packets that arrived, by "from to". */
  readonly arrivals: ReadonlyMap<string, number>;
}

function run(mutations: readonly Mutate[], count: number, markers: boolean): Run {
  const packetsPerRound = count / rounds;
  const seen: Uint8Array[] = [];
  const arrivals = new Map<string, number>();
  const onReceive = (from: string, to: string) =>
    void arrivals.set(`${from} ${to}`, (arrivals.get(`${from} ${to}`) ?? 0) + 1);
  const group = createGroup({
    members,
    seed: 12,
    valueCount,
    valuesPerFragment,
    weather: { loss: 0.05, jitterMs: 2 },
    // The machine would mute the member in whose name this comes: its own packets have to count here.
    offenceLimit: Infinity,
    onSend: (from, _to, bytes) => void (from === attacker && seen.push(bytes.slice())),
    onReceive,
  });
  const rng = createRng(99);
  const values: Float32Array[][] = [];
  let worstDeadlineUse = 0;
  let fed = 0;

  function feed(round: number): void {
    const real = pick(seen.slice(-60), rng)?.slice();
    const mutate = pick(mutations, rng);
    const target = group.ids[pick([0, 2, 3], rng) ?? 0] ?? "";
    if (!real || !mutate) return;
    const bytes = mutate(real, { seen, round, rng });
    fed += 1;
    onReceive(attacker, target);
    group.machines[group.ids.indexOf(target)]?.receive(attacker, bytes, group.time.now());
    if (markers && rng.below(10) === 0) sayNonsense(target, round);
    group.network.settle(target);
  }

  function sayNonsense(target: string, round: number): void {
    const word = () => pick([...u32Extremes, round], rng) ?? 0;
    const phase = rng.below(2) === 0 ? "scatter" : "gather";
    const marker = { epoch: pick([1, word()], rng) ?? 1, round: word(), phase, sent: word() } as const;
    group.machines[group.ids.indexOf(target)]?.endOfPhase(attacker, marker, group.time.now());
  }

  for (let round = 0; round < rounds; round++) {
    const vectors = randomVectors(members, valueCount, mix(12, round));
    for (let i = 0; i < (mutations.length > 0 ? packetsPerRound : 0); i++) {
      group.time.after(8 * rng.float(), () => feed(round));
    }
    const results = group.average(round, vectors);
    values.push(results.map((result) => result.values));
    for (const { roundMs, deadlineMs } of results)
      worstDeadlineUse = Math.max(worstDeadlineUse, roundMs / deadlineMs);
    group.drain();
  }
  for (const machine of group.machines) machine.expect(rounds + 10);
  return { group, values, worstDeadlineUse, fed, arrivals };
}

/** Accepted, duplicate, stale, rejected or late: every packet that arrived is exactly one of them. */
function assertAccounted({ group, arrivals }: Run): void {
  for (const [seat, machine] of group.machines.entries()) {
    for (const from of group.ids) {
      const counts = machine.counts(from);
      if (!counts) continue;
      const { drops } = counts;
      const accounted = counts.received + counts.duplicates + drops.stale + drops.rejected + drops.late;
      assert.equal(accounted, arrivals.get(`${from} peer-${seat}`), `${from} → peer-${seat}`);
    }
    assert.equal(machine.strays, 0);
  }
}

test(`${packets} invalid packets: none throws, each is accounted for, and the results are the same to the bit`, () => {
  const calm = run([], 0, false);
  const attacked = run(invalid, packets, false);
  assert.ok(attacked.fed >= 0.99 * packets, `${attacked.fed} packets`);
  assertAccounted(attacked);
  assert.deepEqual(attacked.values, calm.values);
  assert.equal(attacked.worstDeadlineUse, calm.worstDeadlineUse);
  for (const seat of [0, 2, 3]) {
    const after = attacked.group.machines[seat]?.counts(attacker);
    const before = calm.group.machines[seat]?.counts(attacker);
    assert.equal(after?.received, before?.received);
    const { duplicate: _, ...offences } = after?.conduct.offences ?? { duplicate: 0 };
    const told = Object.values(offences).reduce((sum, count) => sum + count, 0);
    assert.equal(told, after?.drops.rejected, "every packet that is refused has a reason");
    const refused = (after?.drops.rejected ?? 0) + (after?.drops.stale ?? 0) + (after?.duplicates ?? 0);
    assert.ok(refused > 0.3 * packets, `${refused} refused by peer-${seat}`);
  }
});

test(`${packets} mutated packets, good ones among them, and wild markers: no throw, no gap in the account, no wait`, () => {
  const attacked = run(anything, 10_000, true);
  assert.ok(attacked.fed >= 9_900, `${attacked.fed} packets`);
  assert.ok(attacked.worstDeadlineUse <= 1, `${attacked.worstDeadlineUse}`);
  assert.ok(attacked.values.flat().every((values) => values.every(Number.isFinite)));
  assert.ok(attacked.group.machines.every((machine) => machine.jumpTo() === undefined));
  // What the attacker's seat is made to say about its own packets is not part of this sum.
  for (const from of ["peer-0", "peer-2", "peer-3"]) {
    for (const [seat, machine] of attacked.group.machines.entries()) {
      const counts = machine.counts(from);
      if (!counts) continue;
      const { received, duplicates, drops } = counts;
      const accounted = received + duplicates + drops.stale + drops.rejected + drops.late;
      assert.equal(accounted, attacked.arrivals.get(`${from} peer-${seat}`));
    }
  }
});

test("bytes of any length from 0 to more than a packet never throw", () => {
  const group = createGroup({ members, seed: 1, valueCount, valuesPerFragment, offenceLimit: Infinity });
  const rng = createRng(4);
  for (let length = 0; length <= maxPacketBytes + 50; length++) {
    const bytes = Uint8Array.from({ length }, () => rng.below(256));
    for (const from of [attacker, "nobody"]) group.machines[0]?.receive(from, bytes, 0);
  }
  assert.equal(group.machines[0]?.counts(attacker)?.drops.rejected, maxPacketBytes + 51);
  assert.equal(group.machines[0]?.strays, maxPacketBytes + 51);
});
