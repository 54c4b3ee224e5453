import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { pause } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";
import type { TestPeer } from "./room.ts";
import { joinAsRogue, mutate } from "./rogue.ts";
import type { Rogue } from "./rogue.ts";

const packets = 10_000;

/** Counts the messages that really reach the peer, link by link in the order of their making. */
function countingLinks(): { createLink: CreateLink; arrived: () => number[] } {
  const counts: number[] = [];
  const createLink: CreateLink = (options) => {
    const index = counts.push(0) - 1;
    const { events } = options;
    return createNodeDatachannelLink({
      ...options,
      events: {
        ...events,
        onBytes(channel, bytes) {
          counts[index] = (counts[index] ?? 0) + 1;
          events.onBytes(channel, bytes);
        },
      },
    });
  };
  return { createLink, arrived: () => counts };
}

const linkTo = (rogue: Rogue, to: TestPeer) =>
  rogue.mesh.ends().find((end) => end.peerId === to.peerId)?.link;

test("10,000 mutated packets at a live peer: nothing throws, counters add up, training is unaffected", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ minPeers: 2 }));
  const counting = countingLinks();
  const victim = await add(1, counting.createLink);
  const other = await add(2);
  await victim.until("20 rounds", () => victim.results.length >= 20);
  const linksBefore = counting.arrived().length;
  const rogue = await joinAsRogue(server.url.replace("0.0.0.0", "127.0.0.1"), createNodeDatachannelLink);
  t.after(() => rogue.close());
  await victim.until("packets for the rogue", () => rogue.heard.length >= 50);

  const rng = createRng(2026);
  let sent = 0;
  const channel = () => (rng.below(20) === 0 ? "control" : "fragments");
  for (let tries = 0; sent < packets; tries++) {
    assert.ok(tries < 10 * packets, `only ${sent} packets could be sent`);
    if (rogue.mesh.send(victim.peerId, channel(), mutate(rogue.heard, rng))) sent += 1;
    else await pause(2);
    if (sent % 100 === 0) await pause(1);
    if (sent % 500 === 0) linkTo(rogue, victim)?.sendText(`{"type":${rng.u32()}`);
  }
  await pause(500);
  const before = victim.results.length;
  await victim.until("20 more rounds", () => victim.results.length >= before + 20);

  const link = victim.peer.snapshot().report.links.find((entry) => entry.peerId === rogue.peerId);
  const fromRogue = counting.arrived()[linksBefore] ?? 0;
  assert.ok(fromRogue > 0.99 * packets, `${fromRogue} of ${packets} reached the peer`);
  const counted = Object.values(link?.drops ?? {}).reduce((sum, n) => sum + n, 0);
  assert.equal(counted, fromRogue, `every packet is a drop of some cause: ${JSON.stringify(link?.drops)}`);
  assert.equal(link?.received, 0, "none of them counted");
  for (const result of victim.results) assert.ok(result.values.every(Number.isFinite));
  const last = victim.results.at(-1);
  assert.ok(last && last.averagedCount === last.averaged.length, "rounds are whole");
  assert.equal((await Promise.race([other.outcome, pause(0)])) ?? "running", "running");
});

test("a peer that keeps talking nonsense on the control channel loses its link, and nobody else's", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ minPeers: 2 }));
  const [victim, other] = [await add(1), await add(2)];
  await victim.until("5 rounds", () => victim.results.length >= 5);
  const rogue = await joinAsRogue(server.url, createNodeDatachannelLink);
  t.after(() => rogue.close());
  for (let i = 0; i < 40; i++) linkTo(rogue, victim)?.sendText(`{"type":"end","round":-${i}}`);
  const isClosed = () =>
    victim.events.some((event) => event.kind === "notice" && /make no sense/.test(event.text));
  await victim.until("the rogue's link closed", isClosed, 10_000);
  const before = victim.results.length;
  await victim.until("10 more rounds", () => victim.results.length >= before + 10);
  assert.equal(
    victim.peer.snapshot().report.links.find((link) => link.peerId === other.peerId)?.state,
    "open",
  );
});
