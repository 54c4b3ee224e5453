/** Places of those who listen: few, and in turn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { maxPacketBytes } from "../../shared/core/packet.ts";
import { createLoneMachine } from "./lone-machine.ts";

/** Who of the strangers gets averages of our round, and who hears only that we are in it. */
function heardIn(round: number, lone: ReturnType<typeof createLoneMachine>, strangers: readonly string[]) {
  lone.machine.expect(round);
  lone.wholeRound(1, 1, round);
  lone.machine.begin(round, lone.own(0), lone.now);
  assert.ok(lone.machine.takeResult());
  const out = new Uint8Array(maxPacketBytes);
  const served = strangers.filter((id) => {
    let packets = 0;
    while (lone.machine.nextPacket(id, out) > 0) packets += 1;
    return packets > 0;
  });
  const told = new Set<string>();
  for (let next = lone.machine.nextMarker(); next; next = lone.machine.nextMarker())
    if (next.marker.round === round && next.marker.phase === "scatter" && next.marker.sent === 0)
      told.add(next.to);
  return { served, told: strangers.filter((id) => told.has(id)) };
}

function withStrangers(count: number) {
  const lone = createLoneMachine(2);
  const strangers = Array.from({ length: count }, (_, i) => `guest-${i}`);
  for (const id of strangers) lone.machine.linkOpened(id);
  return { lone, strangers };
}

test("eight that listen for ever keep nobody out: who was served longest gives way, and has its turn again", () => {
  const { lone, strangers } = withStrangers(9);
  const liars = strangers.slice(0, 8);
  for (const id of liars) assert.equal(lone.machine.setListening(id, true), true);
  for (let round = 0; round < 100; round++, lone.now += 1_000)
    assert.deepEqual(heardIn(round, lone, strangers).served, liars, "while nobody else wants one, they stay");
  assert.equal(lone.machine.setListening("guest-8", true), false, "it waits");
  const rounds = new Map(strangers.map((id) => [id, 0]));
  for (let round = 100; round < 300; round++, lone.now += 1_000) {
    const { served, told } = heardIn(round, lone, strangers);
    assert.equal(served.length, 8);
    assert.deepEqual(
      told,
      strangers.filter((id) => !served.includes(id)),
      "who waits hears where we are",
    );
    if (round === 100) assert.ok(served.includes("guest-8"), "at once: the others have had their turn");
    for (const id of served) rounds.set(id, (rounds.get(id) ?? 0) + 1);
  }
  for (const [id, count] of rounds) assert.ok(count > 120, `${id}: ${count} of 200 rounds`);
});

test("a turn lasts for eight rounds and three seconds at least, whichever is longer", () => {
  for (const [roundMs, lasts] of [
    [10, 301],
    [2_000, 9],
  ] as const) {
    const { lone, strangers } = withStrangers(9);
    for (const id of strangers) lone.machine.setListening(id, true);
    let round = 0;
    while (round < 1_000 && !heardIn(round, lone, strangers).served.includes("guest-8")) {
      round += 1;
      lone.now += roundMs;
    }
    assert.ok(Math.abs(round - lasts) <= 1, `rounds of ${roundMs} ms: after ${round}`);
  }
});

test("whoever asks again and again gains nothing; who goes makes room at once", () => {
  const { lone, strangers } = withStrangers(10);
  for (const id of strangers) lone.machine.setListening(id, true);
  for (const wants of [false, true]) lone.machine.setListening("guest-0", wants);
  assert.deepEqual(heardIn(0, lone, strangers).told, ["guest-0", "guest-9"]);
  lone.machine.linkClosed("guest-1", lone.now);
  assert.deepEqual(heardIn(1, lone, strangers).told, ["guest-0"], "guest-9 asked before guest-0 asked again");
});

test("a member of the newest view needs no place", () => {
  const { lone, strangers } = withStrangers(10);
  lone.machine.install({ epoch: 2, fromRound: 50, members: ["me", "peer-1", "guest-0", "guest-1"] });
  for (const id of strangers) assert.equal(lone.machine.setListening(id, true), true);
  assert.deepEqual(heardIn(0, lone, strangers).served, strangers);
});
