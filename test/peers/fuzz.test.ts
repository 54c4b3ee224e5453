import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { pause } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";
import type { TestPeer } from "./room.ts";
import { joinAsRogue, mutate } from "../labs/rogue.ts";
import type { Rogue } from "../labs/rogue.ts";

/** A peer is muted, and its link closed, for more than 32 packets that fit nothing. */
const mutedAfter = 33;

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

const drops = (peer: TestPeer, of: Rogue) =>
  peer.peer.snapshot().report.links.find((entry) => entry.peerId === of.peerId);

test("whoever sends mutated packets to a live peer loses its link: nothing throws, counters add up, training is unaffected", async (t) => {
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
  const isShunned = () =>
    victim.events.some((event) => event.kind === "notice" && /closed: it sent /.test(event.text));
  for (let tries = 0; !isShunned(); tries++) {
    assert.ok(tries < 400, "the link is still open");
    // Points fade from round to round, and rounds are short here: some at a time.
    for (let n = 0; n < 10; n++)
      rogue.mesh.send(victim.peerId, n === 0 ? "control" : "fragments", mutate(rogue.heard, rng));
    await pause(1);
  }
  const arrived = counting.arrived()[linksBefore] ?? 0;
  const before = victim.results.length;
  await victim.until("20 more rounds", () => victim.results.length >= before + 20);
  await pause(1_500);

  const link = drops(victim, rogue);
  assert.ok(arrived >= mutedAfter && arrived < 1_000, `${arrived} packets arrived`);
  assert.equal(counting.arrived()[linksBefore], arrived, "nothing came any more");
  assert.equal(counting.arrived().length, linksBefore + 1, "its new offers got no answer");
  const counted = Object.values(link?.drops ?? {}).reduce((sum, n) => sum + n, 0);
  assert.equal(counted, arrived, `every packet is a drop of some cause: ${JSON.stringify(link?.drops)}`);
  const offences = Object.values(link?.offences ?? {}).reduce((sum, n) => sum + n, 0);
  // Points fade a little from round to round, so that it took a few more than 33.
  assert.ok(
    offences >= mutedAfter && offences <= (link?.drops.rejected ?? 0),
    JSON.stringify(link?.offences),
  );
  assert.ok(link?.muted !== undefined && link.received === 0 && link.state !== "open", JSON.stringify(link));
  for (const result of victim.results) assert.ok(result.values.every(Number.isFinite));
  // On a busy machine a packet of one round or another comes too late.
  const whole = victim.results.slice(-20).filter((result) => result.averagedCount === result.averaged.length);
  assert.ok(whole.length >= 10, `${whole.length} of the last 20 rounds are whole`);
  assert.equal((await Promise.race([other.outcome, pause(0)])) ?? "running", "running");
  assert.equal(drops(other, rogue)?.muted, undefined, "each judges for itself");
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
