/** Parity: the code by itself, then on the gathers of a group of round machines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { maxPacketBytes, packetKinds } from "../../shared/core/packet.ts";
import { maxRows, parityOf, recover } from "../../shared/core/parity/erasure-code.ts";
import { inverse, product } from "../../shared/core/parity/galois.ts";
import { createGroups, maxGroupFragments } from "../../shared/core/parity/groups.ts";
import { createRng, mix, permutation } from "../../shared/core/rng.ts";
import type { Rng } from "../../shared/core/rng.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import type { Group, GroupOptions } from "../../shared/simulation/group.ts";
import { countsOf, headerOf, randomVectors } from "./exchange.ts";

// ---- the code ----------------------------------------------------------------------------------------

test("the field is one: every byte but 0 has an inverse, and products are those of the polynomial", () => {
  const slowProduct = (a: number, b: number) => {
    let sum = 0;
    for (let bit = 0; bit < 8; bit++) if ((b >> bit) & 1) sum ^= a << bit;
    for (let bit = 14; bit >= 8; bit--) if ((sum >> bit) & 1) sum ^= 0x11d << (bit - 8);
    return sum;
  };
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) assert.equal(product(a, b), slowProduct(a, b));
    if (a > 0) assert.equal(product(a, inverse(a)), 1);
  }
});

const bytesOf = (count: number, rng: Rng) => Uint8Array.from({ length: count }, () => rng.below(256));

/** Encodes random rows, loses all but `dataRows` of the rows, recovers, and compares. */
function assertRecovers(dataRows: number, parityRows: number, length: number, seed: number): void {
  const rng = createRng(seed);
  const data = bytesOf(dataRows * length, rng);
  const parity = [...parityOf(parityRows, data, dataRows, length).entries()];
  const there = new Set([...permutation(dataRows + parityRows, rng)].slice(0, dataRows));
  const missing = Array.from({ length: dataRows }, (_, row) => row).filter((row) => !there.has(row));
  const holed = data.slice();
  for (const row of missing) holed.set(bytesOf(length, rng), row * length);
  const arrived = parity.filter(([row]) => there.has(dataRows + row));
  recover(holed, dataRows, length, missing, arrived.toReversed());
  assert.deepEqual(holed, data);
}

test("any k of k + m rows give back all", () => {
  const count = (max: number) => fc.integer({ min: 1, max });
  fc.assert(
    fc.property(count(20), count(20), count(40), fc.integer(), (k, m, length, seed) =>
      assertRecovers(k, m, length, seed),
    ),
    { seed: 1, numRuns: 500 },
  );
  assertRecovers(maxRows, maxRows, 3, 1);
});

test("too few rows are the caller's mistake", () => {
  assert.throws(
    () => recover(new Uint8Array(2), 2, 1, [0, 1], [[0, new Uint8Array(1)]]),
    /2 rows are missing, 1/,
  );
});

test("every fragment is in one group, groups are of nearly equal size and interleaved", () => {
  for (let fragments = 0; fragments < 200; fragments++) {
    const groups = createGroups(fragments, 0.25);
    const count = Math.ceil(fragments / maxGroupFragments);
    const members = Array.from({ length: count }, (_, group) => groups.membersOf(group));
    assert.deepEqual(
      members.flat().toSorted((a, b) => a - b),
      [...Array(fragments).keys()],
    );
    const sizes = members.map(({ length }) => length);
    assert.ok(Math.max(0, ...sizes) <= maxGroupFragments);
    assert.ok(Math.max(0, ...sizes) - Math.min(Infinity, ...sizes) <= 1 || count === 0);
    for (const [group, indices] of members.entries())
      for (const index of indices) assert.equal(groups.groupOf(index), group);
    const packets = Array.from({ length: groups.packets }, (_, number) => groups.packetAt(number));
    assert.equal(new Set(packets.map(({ group, row }) => `${group} ${row}`)).size, groups.packets);
    for (const { group, row } of packets) assert.ok(row < groups.rowsOf(group));
  }
});

for (const [fragments, overhead, packets] of [
  [0, 0.25, 0],
  [1, 0.25, 1],
  [4, 0.25, 1],
  [5, 0.25, 2],
  [16, 0.25, 4],
  [17, 0.25, 5], // 9 and 8
  [32, 0.25, 8],
  [10, 0.1, 1],
  [16, 1, 16],
] as const) {
  test(`a block of ${fragments} at ${overhead * 100} % makes ${packets} parity packets`, () => {
    assert.equal(createGroups(fragments, overhead).packets, packets);
  });
}

// ---- on the gather -----------------------------------------------------------------------------------

const valuesPerFragment = 4;

interface Gathered {
  /** Share of the gathers of others that neither came nor were given back. */
  readonly residual: number;
  readonly group: Group;
}

/** Rounds of which every average that anybody holds is compared with its owner's, to the bit. */
function gather(
  options: Partial<GroupOptions> & { readonly members: number; readonly fragmentsPerBlock: number },
  rounds: number,
): Gathered {
  const { members, fragmentsPerBlock } = options;
  const valueCount = members * fragmentsPerBlock * valuesPerFragment - 3; // the last one is short
  const group = createGroup({ seed: 1, valuesPerFragment, valueCount, ...options });
  let missing = 0;
  let owed = 0;
  for (let round = 0; round < rounds; round++) {
    const results = group.average(round, randomVectors(members, valueCount, mix(round)));
    for (const [i, one] of results.entries()) {
      missing += one.averaged.length - one.averagedCount;
      owed += one.averaged.length - fragmentsPerBlock;
      for (const other of results.slice(i + 1)) assertAgree(one, other);
    }
    group.drain();
  }
  return { residual: missing / owed, group };
}

function assertAgree(one: ReturnType<Group["finished"]>[number], other: typeof one): void {
  for (const [fragment, has] of one.averaged.entries()) {
    if (has !== 1 || other.averaged[fragment] !== 1) continue;
    const from = fragment * valuesPerFragment;
    const of = (values: Float32Array) => [...values.subarray(from, from + valuesPerFragment)];
    assert.deepEqual(of(one.values), of(other.values));
  }
}

for (const [fragmentsPerBlock, most] of [
  [5, 2.5],
  [8, 2.5],
  [16, 1.8],
  [24, 1.8],
] as const) {
  test(`at 10 % loss and 25 % overhead at most ${most} % of the gathers are missing, ${fragmentsPerBlock} a block`, () => {
    const weather = { loss: 0.1 };
    const members = 5;
    const rounds = Math.ceil(900 / fragmentsPerBlock);
    const { residual } = gather({ members, fragmentsPerBlock, weather, parity: 0.25 }, rounds);
    const without = gather({ members, fragmentsPerBlock, weather }, Math.ceil(rounds / 5)).residual;
    assert.ok(residual > 0.002 && residual <= most / 100, `${residual}`);
    assert.ok(Math.abs(without - 0.1) < 0.02, `${without} without`);
  });
}

test("in bursts, too, most of what is lost comes back", () => {
  const weather = { loss: 0.1, meanBurst: 3 };
  const { residual } = gather({ members: 4, fragmentsPerBlock: 32, weather, parity: 0.5 }, 40);
  assert.ok(residual < 0.03, `${residual}`);
});

test("what comes back is what was sent, to the bit: f16, and reordered and doubled on its way", () => {
  const weather = { loss: 0.2, jitterMs: 2, duplicate: 0.3 };
  const options = { members: 4, fragmentsPerBlock: 10, weather, parity: 0.5, encoding: "f16" } as const;
  assert.ok(gather(options, 40).residual < 0.05);
});

test("without loss the results are those without parity, to the bit, and nothing is waited for", () => {
  const run = (parity: number) => {
    const vectors = randomVectors(3, 300, 1);
    const group = createGroup({ members: 3, seed: 2, valueCount: 300, valuesPerFragment, parity });
    return group.average(0, vectors).map(({ values, roundMs }) => ({ values, roundMs }));
  };
  assert.deepEqual(run(0.25), run(0));
});

test("what parity gave back has been received, and every account still adds up", () => {
  const rounds = 30;
  const { group } = gather(
    { members: 4, fragmentsPerBlock: 12, weather: { loss: 0.1 }, parity: 0.25 },
    rounds,
  );
  for (const machine of group.machines) machine.conclude();
  for (const seat of group.machines.keys()) {
    const { received, drops, sent } = countsOf(group, seat);
    const owed = received + drops.lost + drops.late + drops.unsent;
    assert.equal(owed, 2 * 3 * 12 * rounds);
    assert.equal(sent, owed, "parity packets are not fragments");
    assert.ok(drops.lost / owed < 0.07, "half of the loss, that of the gathers, is nearly gone");
  }
});

test("a listener's gathers are completed as well", () => {
  const members = 4;
  const group = createGroup({
    members,
    seed: 3,
    valueCount: 48 * valuesPerFragment,
    valuesPerFragment,
    weather: { loss: 0.1 },
    parity: 0.5,
  });
  const view = { epoch: 2, fromRound: 0, members: group.ids.slice(0, 3) };
  for (const machine of group.machines) machine.install(view);
  for (const machine of group.machines.slice(0, 3)) machine.setListening("peer-3", true);
  const vectors = randomVectors(members, 48 * valuesPerFragment, 3);
  group.begin(3, 0, vectors[3] ?? new Float32Array(0), true);
  group.average(0, vectors, [0, 1, 2]);
  assert.equal(group.finished([3])[0]?.averagedCount, 48);
});

// ---- strangers ---------------------------------------------------------------------------------------

test("a peer whose task has no parity takes a parity packet for nonsense", () => {
  const packets: Uint8Array[] = [];
  const common = { members: 2, seed: 4, valueCount: 64, valuesPerFragment };
  const vectors = randomVectors(2, 64, 4);
  const onSend = (_from: string, to: string, bytes: Uint8Array) =>
    void (to === "peer-0" && bytes[1] === packetKinds.parity && packets.push(bytes.slice()));
  createGroup({ ...common, parity: 0.25, onSend }).average(0, vectors);
  assert.equal(packets.length, 2);
  const [machine] = createGroup(common).machines;
  for (const packet of packets) machine?.receive("peer-1", packet, 0);
  assert.equal(machine?.counts("peer-1")?.drops.rejected, 2);
});

test("parity that makes no values is rejected, and what is there stays", () => {
  const members = 2;
  const data = new Uint8Array(8 * 16);
  let firstOwned = Infinity;
  const sent: Uint8Array[] = [];
  const group = createGroup({
    members,
    // One with which peer-1's end markers come late: peer-0 has to be waiting still.
    seed: 2,
    valueCount: 64,
    valuesPerFragment,
    parity: 0.25,
    weatherOf: (from) => ({ loss: from === "peer-1" ? 1 : 0 }),
    onSend: (from, _to, bytes) => {
      if (from === "peer-1") sent.push(bytes.slice());
    },
  });
  const vectors = randomVectors(members, 64, 5);
  for (const seat of [0, 1]) group.begin(seat, 0, vectors[seat] ?? new Float32Array(0));
  group.finished([1]);
  const gathers = sent.filter((bytes) => bytes[1] === packetKinds.gather);
  for (const bytes of gathers) firstOwned = Math.min(firstOwned, headerOf(bytes).fragment);
  const lost = headerOf(gathers[0] ?? new Uint8Array(0)).fragment;
  for (const bytes of gathers) data.set(bytes.subarray(24), (headerOf(bytes).fragment - firstOwned) * 16);
  data.fill(0xff, (lost - firstOwned) * 16, (lost - firstOwned + 1) * 16);
  for (const bytes of sent) {
    const { kind, contributors: row } = headerOf(bytes);
    if (kind === packetKinds.parity) bytes.set(parityOf(2, data, 8, 16)[row] ?? [], 24);
    if (bytes !== gathers[0]) group.machines[0]?.receive("peer-1", bytes, group.time.now());
  }
  const [result] = group.finished([0]);
  assert.equal(result?.averagedCount, 15);
  const counts = group.machines[0]?.counts("peer-1");
  assert.equal(counts?.drops.rejected, 1);
  assert.equal(counts?.duplicates, 1, "and what comes for that group after it is not looked at");
  const own = (values: Float32Array | undefined) => values?.subarray(lost * 4, lost * 4 + 4);
  assert.deepEqual(own(result?.values), own(vectors[0]));
});

test("10,000 malformed parity packets: none throws, rounds end in time, and others' averages are untouched", () => {
  const members = 4;
  const valueCount = 160;
  const seen: Uint8Array[] = [];
  const rng = createRng(7);
  const group = createGroup({
    members,
    seed: 6,
    valueCount,
    valuesPerFragment,
    parity: 0.25,
    weather: { loss: 0.1 },
    onSend: (from, _to, bytes) =>
      void (from === "peer-1" && bytes[1] === packetKinds.parity && seen.push(bytes.slice())),
  });
  const mutations: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
    (bytes) => bytes.slice(0, rng.below(bytes.length)),
    (bytes) => Uint8Array.from([...bytes, ...new Uint8Array(1 + rng.below(2_000))]),
    (bytes) => withWord(bytes, 12, rng.below(8)),
    (bytes) => withWord(bytes, 12, rng.u32()),
    (bytes) => withWord(bytes, 16, rng.u32()),
    (bytes) => withWord(bytes, 8, rng.below(60)),
    (bytes) => withWord(bytes, 20, rng.u32()),
    (bytes) => withWord(bytes, 24 + 4 * rng.below(4), rng.u32()),
    (bytes) => bytes.slice().fill(0xff, 24),
    () => bytesOf(rng.below(maxPacketBytes), rng).fill(packetKinds.parity, 1, 2).fill(1, 0, 1),
  ];
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 200; i++) {
      group.time.after(8 * rng.float(), () => {
        const real = seen[seen.length - 1 - rng.below(Math.max(1, Math.min(40, seen.length)))];
        const bytes = mutations[rng.below(mutations.length)]?.(real ?? new Uint8Array(40));
        const seat = [0, 2, 3][rng.below(3)] ?? 0;
        group.machines[seat]?.receive("peer-1", bytes ?? new Uint8Array(0), group.time.now());
        group.network.settle(`peer-${seat}`);
      });
    }
    const results = group.average(round, randomVectors(members, valueCount, mix(6, round)));
    for (const { roundMs, deadlineMs } of results) assert.ok(roundMs <= deadlineMs + 1e-6);
    group.drain();
  }
  for (const seat of [0, 2, 3]) {
    const counts = group.machines[seat]?.counts("peer-1");
    assert.ok((counts?.drops.rejected ?? 0) > 500, JSON.stringify(counts));
    for (const other of [0, 2, 3].filter((one) => one !== seat))
      assert.equal(group.machines[seat]?.counts(`peer-${other}`)?.drops.rejected, 0);
  }
});

function withWord(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const bent = bytes.slice();
  if (at + 4 <= bent.length) new DataView(bent.buffer).setUint32(at, value, true);
  return bent;
}
