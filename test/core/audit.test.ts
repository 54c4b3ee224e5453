/** Owners that move their averages by less than what receivers clip, and peers that ask again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRequest } from "../../shared/core/audit.ts";
import {
  emptyHeader,
  headerBytes,
  maxPacketBytes,
  packetKinds,
  readHeader,
} from "../../shared/core/packet.ts";
import { createPlan } from "../../shared/core/plan.ts";
import type { Plan } from "../../shared/core/plan.ts";
import { createRng, mix } from "../../shared/core/rng.ts";
import type { RoundMachine } from "../../shared/core/round.ts";
import { robustOf } from "../../shared/core/robust-setting.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import type { Group, GroupOptions } from "../../shared/simulation/group.ts";
import { createLoneMachine } from "./lone-machine.ts";

/** What members differ by. */
const noise = 0.01;
const valuesPerFragment = 32;

interface Room extends Partial<Omit<GroupOptions, "weather">> {
  readonly rounds?: number;
  readonly audit?: number;
  readonly loss?: number;
  /** The last so many members move what they own by so many times what replicas differ by. */
  readonly liars?: number;
  readonly factor?: number;
  /** In the same unit: how far liars move what they contribute to an honest owner, and what they say of it to others. */
  readonly framing?: { readonly toOwner: number; readonly toOthers: number };
  /** And how far what they say of it to who audits one of them, in place of it. */
  readonly alibi?: number;
  /** Of the first member: how much more it learns than each other. */
  readonly fast?: number;
  /** Nobody learns anything. */
  readonly still?: boolean;
  /** Of every other member, in the same way. */
  readonly spread?: number;
}

/** Rounds of members that learn much of the same and something of their own: who muted and doubted whom. */
function play(room: Room) {
  const {
    members = 8,
    rounds = 30,
    audit = 0.5,
    loss = 0,
    liars = 0,
    factor = 2.5,
    framing,
    alibi = 0,
    fast = 1,
    spread = 1,
    still = false,
    ...more
  } = room;
  const valueCount = members * 4 * valuesPerFragment;
  const header = emptyHeader();
  const isLiar = (seat: number) => seat >= members - liars;
  const plans = new Map<number, Plan>();
  const group: Group = createGroup({
    members,
    seed: 3,
    valueCount,
    valuesPerFragment,
    weather: { loss, duplicate: 0.05, jitterMs: 2 },
    robust: { ...robustOf("centered-clip"), audit },
    planFor(input) {
      const plan = createPlan(input);
      plans.set(input.round, plan);
      return plan;
    },
    onSend(from, to, bytes) {
      if (!isLiar(group.ids.indexOf(from)) || !readHeader(bytes, header)) return;
      const owner = plans.get(header.round)?.ownerOf(header.fragment) ?? -1;
      const isAnswer = owner !== group.ids.indexOf(to);
      const ofScatter = isLiar(owner)
        ? isAnswer
          ? alibi
          : 0
        : isAnswer
          ? framing?.toOthers
          : framing?.toOwner;
      const moved = header.kind === packetKinds.gather ? (framing ? 0 : factor) : ofScatter;
      if (!moved) return;
      const packet = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = headerBytes; at < bytes.length; at += 4)
        packet.setFloat32(at, packet.getFloat32(at, true) + moved * noise, true);
    },
    ...more,
  });
  const seats = [...group.ids.keys()];
  const rngs = seats.map((seat) => createRng(mix(9, seat)));
  const common = createRng(8);
  let replicas = seats.map(() => new Float32Array(valueCount).fill(1 / 3));
  for (let round = 0; round < rounds; round++) {
    for (const machine of group.machines) machine.expect(round);
    const shared = replicas[0]?.map(() => noise * common.normal());
    const learned = replicas.map((replica, seat) =>
      replica.map((value, i) => {
        const update = (shared?.[i] ?? 0) + noise * (rngs[seat]?.normal() ?? 0);
        return still ? value : value + (seat === 0 ? fast : seat % 2 === 1 ? spread : 1) * update;
      }),
    );
    replicas = group.average(round, learned).map(({ values }) => new Float32Array(values));
  }
  const conductOf = (peer: number, other: number) =>
    group.machines[peer]?.counts(group.ids[other] ?? "")?.conduct;
  const pairs = seats
    .filter((seat) => !isLiar(seat))
    .flatMap((peer) => seats.map((other) => ({ other, conduct: conductOf(peer, other) })));
  const ofHonest = pairs.filter(({ other }) => !isLiar(other));
  return {
    mutedLiars: pairs.filter(({ other, conduct }) => isLiar(other) && conduct?.reason === "audit").length,
    mutedHonest: ofHonest.filter(({ conduct }) => conduct?.reason !== undefined).length,
    doubted: ofHonest.reduce((sum, { conduct }) => sum + (conduct?.offences.audit ?? 0), 0),
    packets: group.network.packetsSent,
  };
}

for (const factor of [2, 2.5]) {
  test(`an owner that moves each average by ${factor} times what members differ by is muted by each of them`, () => {
    const { mutedLiars, mutedHonest } = play({ liars: 1, factor });
    assert.deepEqual({ mutedLiars, mutedHonest }, { mutedLiars: 7, mutedHonest: 0 });
  });
}

test("liars that tell auditors something else than the owner frame nobody", () => {
  const big = { members: 16, rounds: 8 };
  const both = { toOwner: 3.9, toOthers: -10 };
  const rooms: readonly Room[] = [
    { ...big, liars: 3, framing: { toOwner: 0, toOthers: -10 } },
    { ...big, liars: 5, framing: { toOwner: 3, toOthers: -3 } },
    { ...big, liars: 5, framing: both },
    // Some learn more than others: what the owner is led by is more than what the middle one differs by.
    { ...big, liars: 5, spread: 3, framing: { toOwner: 9, toOthers: 0 } },
    { members: 8, liars: 2, spread: 3, framing: { toOwner: 9, toOthers: 0 } },
    { members: 8, liars: 2, loss: 0.1, framing: both },
  ];
  for (const room of rooms) {
    const { doubted, mutedHonest } = play(room);
    assert.equal(mutedHonest, 0, `${JSON.stringify(room)}: doubted ${doubted} times`);
  }
});

test("an owner is found out whatever others that lie as well tell auditors", () => {
  const { mutedLiars } = play({ rounds: 40, liars: 2, alibi: -10 });
  assert.equal(mutedLiars, 2 * 6);
});

test("without an audit nobody notices", () => {
  assert.equal(play({ liars: 1, audit: 0 }).mutedLiars, 0);
});

test("nobody honest is doubted, whatever is lost", () => {
  const rooms: readonly Room[] = [
    { loss: 0.2 },
    { loss: 0.2, members: 5, rounds: 50 },
    { loss: 0.1, encoding: "f16" },
    { members: 5, encoding: "f16", still: true },
    { loss: 0.1, fast: 10 },
    { weatherOf: (from) => (from === "peer-1" ? { loss: 0.2, meanBurst: 12, delayMs: 30 } : undefined) },
  ];
  for (const room of rooms) {
    const { doubted, mutedHonest } = play(room);
    assert.deepEqual({ doubted, mutedHonest }, { doubted: 0, mutedHonest: 0 }, JSON.stringify(room));
  }
});

test("of a tenth of the fragments: a twentieth more packets", () => {
  const more = play({ audit: 0.1, rounds: 20 }).packets / play({ audit: 0, rounds: 20 }).packets;
  assert.ok(more > 1.02 && more < 1.06, `${more}`);
});

// ---- one machine -------------------------------------------------------------------------------------------

/** In seat 0 of five, after a round in which everybody sent 1; and what it then asks for. */
function afterRound() {
  // More than all there is, so that it asks in every round.
  const lone = createLoneMachine(5, { doubtsOthers: true, audit: 2 });
  lone.machine.begin(0, lone.own(1), 0);
  for (const seat of [1, 2, 3, 4]) lone.wholeRound(seat, 1);
  assert.ok(lone.machine.takeResult());
  const requests = allOf(lone.machine);
  return { lone, requests };
}

function allOf(machine: RoundMachine): readonly { to: string; request: AuditRequest }[] {
  const requests = [];
  for (let next = machine.nextRequest(); next; next = machine.nextRequest()) requests.push(next);
  return requests;
}

test("what it asks a member for is others' business, and never the owner's word about itself", () => {
  const { lone, requests } = afterRound();
  assert.ok(requests.length > 0);
  for (const { to, request } of requests) {
    assert.deepEqual([request.epoch, request.round], [1, 0]);
    const ownersBlock = lone.blockOf(lone.ids.indexOf(to));
    for (const fragment of request.fragments)
      assert.ok(!lone.blockOf(0).includes(fragment) && !ownersBlock.includes(fragment));
  }
});

test("among four nobody asks: the three that are not the owner have no middle", () => {
  assert.equal(play({ members: 4, rounds: 3 }).packets, play({ members: 4, rounds: 3, audit: 0 }).packets);
});

test("an answer is taken once, with a copy that the network made; what nobody asked for is an offence", () => {
  const { lone, requests } = afterRound();
  const { to = "", request } = requests[0] ?? {};
  const seat = lone.ids.indexOf(to);
  const fragment = request?.fragments[0] ?? -1;
  const { rejected } = lone.countsOf(seat).drops;
  for (let i = 0; i < 2; i++) lone.scatter(seat, fragment, 5);
  assert.equal(lone.countsOf(seat).drops.rejected, rejected);
  lone.scatter(seat, fragment, 5);
  assert.equal(lone.countsOf(seat).conduct.offences.notOwed, 1);
  const others = requests.flatMap(({ request: { fragments } }) => fragments);
  const unasked = [2, 3, 4, 5, 6, 7, 8, 9].find((one) => !others.includes(one)) ?? -1;
  lone.scatter(seat, unasked, 5);
  assert.equal(lone.countsOf(seat).conduct.offences.notOwed, 2);
});

test("an answer of no values is an offence, and a good one after it counts", () => {
  const { lone, requests } = afterRound();
  const { to = "", request } = requests[0] ?? {};
  const seat = lone.ids.indexOf(to);
  const fragment = request?.fragments[0] ?? -1;
  lone.scatter(seat, fragment, NaN);
  assert.equal(lone.countsOf(seat).conduct.offences.notFinite, 1);
  lone.scatter(seat, fragment, 5);
  assert.equal(lone.countsOf(seat).conduct.offences.notOwed, 0);
});

test("answers change nothing in a round, and no round waits for them", () => {
  const results = [true, false].map((isAnswered) => {
    const { lone, requests } = afterRound();
    lone.machine.expect(1);
    lone.machine.begin(1, lone.own(2), 0);
    for (const { to, request } of isAnswered ? requests : [])
      for (const fragment of request.fragments) lone.scatter(lone.ids.indexOf(to), fragment, 9);
    for (const seat of [1, 2, 3, 4]) lone.wholeRound(seat, 3, 1);
    return lone.machine.takeResult()?.values;
  });
  assert.ok(results[0]);
  assert.deepEqual(results[0], results[1]);
});

test("who never answers is asked no more than 16 times, and harmed by nobody", () => {
  const { lone, requests } = afterRound();
  const asked = new Map(requests.map(({ to }) => [to, 1]));
  for (let round = 1; round < 40; round++) {
    lone.machine.expect(round);
    lone.machine.begin(round, lone.own(1), 0);
    for (const seat of [1, 2, 3, 4]) lone.wholeRound(seat, 1, round);
    assert.ok(lone.machine.takeResult());
    for (const { to } of allOf(lone.machine)) asked.set(to, (asked.get(to) ?? 0) + 1);
  }
  assert.deepEqual([...asked.values()], [16, 16, 16, 16]);
  for (const seat of [1, 2, 3, 4]) assert.equal(lone.countsOf(seat).conduct.reason, undefined);
});

test("a member answers with what it contributed: each fragment once, eight of them, none of the other's own", () => {
  const lone = createLoneMachine(6, { doubtsOthers: true, audit: 0.1 });
  const out = new Uint8Array(maxPacketBytes);
  const fragmentsSent = () => {
    const sent = [];
    while (lone.machine.nextPacket("peer-1", out) > 0) sent.push(out[12]);
    return sent;
  };
  lone.machine.begin(0, lone.own(4), 0);
  fragmentsSent();
  const own = lone.blockOf(1);
  const wanted = [...own, 0, 0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 999];
  lone.machine.audited("peer-1", { epoch: 1, round: 0, fragments: wanted });
  lone.machine.audited("peer-1", { epoch: 1, round: 0, fragments: wanted });
  assert.deepEqual(fragmentsSent(), [0, 1, 4, 5, 6, 7, 8, 9]);
  assert.equal(new DataView(out.buffer).getFloat32(headerBytes, true), 4);
  for (const [epoch, round] of [
    [1, 7],
    [2, 0],
  ] as const)
    lone.machine.audited("peer-1", { epoch, round, fragments: [10] });
  lone.machine.audited("nobody", { epoch: 1, round: 0, fragments: [10] });
  assert.deepEqual(fragmentsSent(), []);
});

test("who is no member gets no answer, and nobody does in a task without audits", () => {
  const out = new Uint8Array(maxPacketBytes);
  for (const [audit, asking] of [
    [0.1, "a newcomer"],
    [0, "peer-1"],
  ] as const) {
    const { machine, own } = createLoneMachine(6, { doubtsOthers: true, audit });
    machine.linkOpened(asking);
    machine.setListening(asking, true);
    machine.begin(0, own(4), 0);
    while (machine.nextPacket(asking, out) > 0);
    machine.audited(asking, { epoch: 1, round: 0, fragments: [0, 4, 5] });
    assert.equal(machine.nextPacket(asking, out), 0, asking);
  }
});
