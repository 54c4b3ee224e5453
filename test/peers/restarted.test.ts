/** Trainings that go on after nobody was there: neither a newcomer nor an old replica takes their place. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toyTask } from "./room.ts";
import { openVirtualRoom } from "./virtual-room.ts";
import type { VirtualPeer } from "./virtual-room.ts";

const roundsOf = ({ events }: VirtualPeer) =>
  events.flatMap((event) => (event.kind === "round" ? [event.result.round] : []));
const lastRound = (peer: VirtualPeer) => roundsOf(peer).at(-1) ?? -1;

for (const [backMs, reportMs] of [
  [400, 1_000],
  [5_900, 1_000],
  [400, 8_000],
  [5_900, 8_000],
] as const) {
  const title = `members that are back after ${backMs} ms have their training, and the newcomer joins it`;
  test(`${title}; with a report every ${reportMs / 1_000} s`, async (t) => {
    const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 3, seed: 11, reportMs });
    t.after(() => room.close());
    const members = room.peers.slice();
    const [first] = members;
    assert.ok(first);
    assert.ok(await room.run(60_000, () => members.every((peer) => lastRound(peer) >= 40)));
    const before = lastRound(first);
    room.restartServer((number) => backMs + 30 * number);
    const newcomer = room.add();
    const isJoined = () => room.status().peers.filter(({ member }) => member).length === 4;
    assert.ok(await room.run(30_000, () => isJoined() && lastRound(first) >= before + 60));
    await room.run(5_000);
    for (const member of members) {
      const rounds = roundsOf(member);
      const expected = rounds.map((_, at) => (rounds[0] ?? 0) + at);
      assert.deepEqual(rounds, expected, "no round is lost or done twice");
    }
    const joins = room.status().events.flatMap(({ kind, text }) => (kind === "joined" ? [text] : []));
    for (const number of [0, 1, 2])
      assert.ok(joins.includes(`peer ${number} joined (node, a step)`), "who comes back says what computes");
    assert.ok(joins.includes("peer 3 joined (node, toy)"), joins.join("; "));
    const own = roundsOf(newcomer).filter((round) => round < before);
    t.diagnostic(`${own.length} rounds of the newcomer alone; the members' rounds were ${before} and on`);
    assert.ok(lastRound(newcomer) >= before, `it is in round ${lastRound(newcomer)}`);
    assert.ok(newcomer.events.some((event) => event.kind === "state" && event.state === "listening"));
    const [theirs, its] = [first, newcomer].map(({ peer }) => peer.snapshot().report.sketch);
    assert.ok(theirs && its);
    assert.ok(
      await room.run(3 * reportMs, () => room.status().disagreement !== null),
      "replicas are compared",
    );
    const { disagreement } = room.status();
    assert.ok(disagreement !== null && disagreement < 0.1, `replicas differ by ${disagreement}`);
  });
}

test("of two that paused the newer replica goes on, though the older one is back first", async (t) => {
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 2, seed: 12 });
  t.after(() => room.close());
  const [older, newer] = room.peers;
  assert.ok(older && newer);
  assert.ok(await room.run(60_000, () => lastRound(older) >= 20));
  older.peer.pause();
  assert.ok(await room.run(60_000, () => lastRound(newer) >= 80));
  newer.peer.pause();
  const members = () => room.status().peers.filter(({ member }) => member).length;
  assert.ok(await room.run(10_000, () => members() === 0));
  await room.run(100);
  const [from, until] = [older, newer].map((peer) => roundsOf(peer).length);
  older.peer.resume();
  await room.run(1_000);
  newer.peer.resume();
  assert.ok(await room.run(30_000, () => members() === 2 && roundsOf(older).length > (from ?? 0) + 20));
  const [its, theirs] = [roundsOf(older).slice(from), roundsOf(newer).slice(until)].map(
    (rounds) => rounds[0] ?? 0,
  );
  assert.ok(theirs !== undefined && theirs >= 80, `went on in round ${theirs}`);
  assert.ok(its !== undefined && its > theirs, `the older one in round ${its}`);
});

test("who paused comes back to a training that has begun anew meanwhile, in its rounds", async (t) => {
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 1, seed: 13 });
  t.after(() => room.close());
  const [first] = room.peers;
  assert.ok(first && (await room.run(60_000, () => lastRound(first) >= 200)));
  first.peer.pause();
  const members = () => room.status().peers.filter(({ member }) => member).length;
  assert.ok(await room.run(10_000, () => members() === 0));
  const second = room.add();
  assert.ok(await room.run(10_000, () => lastRound(second) >= 10));
  first.peer.resume();
  const before = roundsOf(first).length;
  assert.ok(await room.run(10_000, () => members() === 2 && roundsOf(first).length > before + 5));
  assert.ok(lastRound(first) < 100, `round ${lastRound(first)}`);
});

/** All pause in a late round, and somebody begins anew: that says nothing of where the others are from then on. */
test("who paused together and comes back to a training that has begun anew averages in it", async (t) => {
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 3, seed: 14 });
  t.after(() => room.close());
  const old = room.peers.slice();
  const members = () => room.status().peers.filter(({ member }) => member).length;
  assert.ok(await room.run(60_000, () => members() === 3 && old.every((peer) => lastRound(peer) >= 200)));
  for (const { peer } of old) peer.pause();
  assert.ok(await room.run(10_000, () => members() === 0));
  const fresh = room.add();
  assert.ok(await room.run(10_000, () => lastRound(fresh) >= 10));
  for (const [number, each] of old.entries()) {
    each.peer.resume();
    const done = roundsOf(each).length;
    const isBack = () => members() === number + 2 && roundsOf(each).length > done + 20;
    assert.ok(await room.run(15_000, isBack), `it is ${each.peer.snapshot().report.state}`);
  }
  for (const { events } of room.peers) {
    const averaged = events.flatMap((event) => (event.kind === "round" ? [event.result] : [])).slice(-10);
    for (const { round, averagedCount, averaged: all } of averaged)
      assert.equal(averagedCount, all.length, `fragments averaged in round ${round}`);
  }
});

test("one that paused alone has its model when the server was restarted meanwhile", async (t) => {
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 1, seed: 15 });
  t.after(() => room.close());
  const [only] = room.peers;
  assert.ok(only && (await room.run(60_000, () => lastRound(only) >= 50)));
  only.peer.pause();
  assert.ok(await room.run(10_000, () => room.status().epoch === 2));
  room.restartServer(() => 400);
  await room.run(2_000);
  only.peer.resume();
  const done = roundsOf(only).length;
  assert.ok(await room.run(20_000, () => roundsOf(only).length > done + 5));
  assert.ok((roundsOf(only)[done] ?? 0) >= 50, `it went on in round ${roundsOf(only)[done]}`);
});

test("who slept while its training ended is in step with the next one, and that one goes on", async (t) => {
  for (const isRestarted of [false, true]) {
    const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 1, seed: 17 });
    t.after(() => room.close());
    const [sleeper] = room.peers;
    assert.ok(sleeper && (await room.run(300_000, () => lastRound(sleeper) >= 600)));
    room.suspend(0, 60_000);
    if (isRestarted) room.restartServer(() => 50_000);
    await room.run(20_000);
    const other = room.add();
    await room.run(40_000);
    const isInStep = () => Math.abs(lastRound(other) - lastRound(sleeper)) < 3;
    assert.ok(await room.run(20_000, isInStep), "they train together");
    assert.ok(lastRound(other) < 400, "and nobody is sent to where the sleeper was");
  }
});

test("a member that has heard nothing of the model yet goes on with what it has when the others are gone", async (t) => {
  const hears = (number: number) => number !== 0 || room.peers.length < 2;
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 1, seed: 18, hears });
  t.after(() => room.close());
  const [sleeper] = room.peers;
  assert.ok(sleeper && (await room.run(60_000, () => lastRound(sleeper) >= 50)));
  room.suspend(0, 30_000);
  await room.run(15_000);
  const other = room.add();
  const isMember = () =>
    room.status().peers.some(({ member, peerId }) => member && peerId === sleeper.peerId);
  await room.run(15_000);
  assert.ok(await room.run(10_000, isMember));
  const done = roundsOf(sleeper).length;
  other.peer.stop();
  assert.ok(await room.run(20_000, () => roundsOf(sleeper).length > done + 10));
  assert.ok(sleeper.events.some((event) => event.kind === "notice" && /going on with what/.test(event.text)));
});

test("a newcomer that waits in a room that others have left trains, though the server was restarted", async (t) => {
  const room = openVirtualRoom({ task: toyTask({ minPeers: 2 }), count: 2, seed: 16 });
  t.after(() => room.close());
  const old = room.peers.slice();
  assert.ok(await room.run(60_000, () => old.every((peer) => lastRound(peer) >= 20)));
  for (const { peer } of old) peer.stop();
  const isEmpty = () => room.status().peers.length === 0 && room.status().epoch >= 2;
  assert.ok(await room.run(20_000, isEmpty));
  const waiting = room.add();
  await room.run(3_000);
  room.restartServer(() => 400);
  await room.run(3_000);
  const second = room.add();
  assert.ok(await room.run(10_000, () => [waiting, second].every((peer) => lastRound(peer) >= 20)));
  assert.deepEqual(
    [waiting, second].map((peer) => roundsOf(peer)[0]),
    [0, 0],
  );
});

test("a listener whose room empties and begins anew within its round listens to the new training", async (t) => {
  const count = 2;
  let hearsOthers = true;
  const hears = (number: number) => hearsOthers || number < count;
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count, seed: 17, hears });
  t.after(() => room.close());
  const members = room.peers.slice();
  assert.ok(await room.run(60_000, () => members.every((peer) => lastRound(peer) >= 200)));
  hearsOthers = false; // for a while: it can't complete its replica
  const listener = room.add();
  const isListening = () => listener.peer.snapshot().report.round > 200;
  assert.ok(await room.run(10_000, isListening));
  await room.run(1_000);
  for (const { peer } of members) peer.pause();
  const memberCount = () => room.status().peers.filter(({ member }) => member).length;
  assert.ok(await room.run(10_000, () => memberCount() === 0));
  const fresh = room.add();
  hearsOthers = true;
  assert.ok(
    await room.run(30_000, () => memberCount() === 2 && lastRound(listener) >= 0 && lastRound(fresh) > 20),
  );
  assert.ok(lastRound(listener) < 150, `it is in round ${lastRound(listener)}`);
});

test("a listener that finds strangers' training after the server was restarted listens to that one", async (t) => {
  const count = 2;
  let isDeaf = true;
  const hears = (number: number) => !isDeaf || number !== count;
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count, seed: 19, hears });
  t.after(() => room.close());
  const members = room.peers.slice();
  assert.ok(await room.run(60_000, () => members.every((peer) => lastRound(peer) >= 200)));
  const listener = room.add(); // it hears of rounds, but nothing of the model
  assert.ok(await room.run(10_000, () => listener.peer.snapshot().report.round > 200));
  const { epoch } = room.status();
  room.restartServer((number) => (number < count ? 90_000 : 12_000));
  for (const { peer } of members) peer.stop();
  // Each of them makes a view of its own: theirs is newer by its number than the one that the listener knows.
  const strangers = [];
  while (room.status().epoch <= epoch) {
    strangers.push(room.add());
    await room.run(1_000);
    assert.ok(strangers.length < 8, "a view each");
  }
  await room.run(12_000);
  isDeaf = false;
  assert.ok(await room.run(30_000, () => lastRound(listener) > 0), "it trains with them");
  assert.ok(lastRound(listener) < 190, `it is in round ${lastRound(listener)}`);
});

test("members that the server had lost while it was cut off have their training, and the newcomer joins it", async (t) => {
  const room = openVirtualRoom({ task: toyTask({ minPeers: 1, rounds: 10_000 }), count: 3, seed: 19 });
  t.after(() => room.close());
  const members = room.peers.slice();
  assert.ok(await room.run(120_000, () => members.every((peer) => lastRound(peer) >= 100)));
  room.cutServerOff([0, 1, 2], (number) => 30_000 + 1_500 * number);
  await room.run(15_000);
  const newcomer = room.add();
  await room.run(10_000);
  assert.ok(lastRound(newcomer) >= 10, "it trains alone");
  const before = Math.min(...members.map(lastRound));
  const isJoined = () => room.status().peers.filter(({ member }) => member).length === 4;
  assert.ok(await room.run(40_000, isJoined));
  await room.run(5_000);
  for (const member of members) {
    const rounds = roundsOf(member);
    assert.deepEqual(
      rounds,
      rounds.map((_, at) => (rounds[0] ?? 0) + at),
      "no round is lost or done twice",
    );
  }
  assert.ok(lastRound(newcomer) > before, `it is in round ${lastRound(newcomer)}, they were in ${before}`);
  const { disagreement } = room.status();
  assert.ok(disagreement !== null && disagreement < 0.1, `replicas differ by ${disagreement}`);
});
