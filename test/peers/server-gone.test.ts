/** The signaling server is gone while a link goes dark, and another one comes in its place with empty hands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withLossyProxy } from "../../peer-node/lossy-proxy.ts";
import { createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { watchLateness } from "../labs/lateness.ts";
import { pause } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";
import type { TestPeer } from "./room.ts";

/** Longer than a link survives. */
const darkMs = 8_000;

/** The first link and whatever replaces it can be made dark, the second one never is. */
function createDarkening(seed: number) {
  const proxy = withLossyProxy(createNodeDatachannelLink, { seed });
  let made = 0;
  const createLink: CreateLink = (options) => {
    made += 1;
    return made === 2 ? createNodeDatachannelLink(options) : proxy.createLink(options);
  };
  return { createLink, set: (isDark: boolean) => proxy.set({ blackout: isDark }) };
}

const openTo = (from: TestPeer, to: TestPeer) =>
  from.peer.snapshot().report.links.find(({ peerId }) => peerId === to.peerId)?.state === "open";

/** Nothing tells of a link that opens, or of a server's view: looks again and again. */
async function eventually(what: string, ms: number, done: () => boolean): Promise<number> {
  const startedMs = performance.now();
  while (!done()) {
    assert.ok(performance.now() - startedMs < ms, `${what}: not within ${ms} ms`);
    await pause(20);
  }
  return (performance.now() - startedMs) / 1000;
}

test("without a server: a dark link is given up, dialled again through the third peer; a new server finds the run as it is", async (t) => {
  const task = toyTask({ minPeers: 3 });
  const { add, server, closeServer } = await openRoom(t, task);
  const ends = [createDarkening(1), createDarkening(2)];
  const [one, two] = ends;
  assert.ok(one && two);
  const first = await add(1, one.createLink);
  await eventually("it is in the room", 10_000, () => first.peer.snapshot().phase === "waiting for others");
  const second = await add(2, two.createLink);
  await eventually("a link", 10_000, () => openTo(first, second));
  const third = await add(3);
  const all = [first, second, third];
  await first.until("20 rounds", () => first.results.length >= 20);
  assert.ok(openTo(first, third) && openTo(second, third));
  const { port } = server;
  await closeServer();
  const awayMs = performance.now();
  const atEnd = all.map(({ results }) => results.at(-1)?.round ?? 0);

  for (const end of ends) end.set(true);
  await pause(darkMs);
  await eventually("given up", 12_000, () => !openTo(first, second));
  for (const end of ends) end.set(false);
  const isRebuilt = () => openTo(first, second) && openTo(second, first);
  const rebuiltS = await eventually("the link again", 10_000, isRebuilt);
  t.diagnostic(`rebuilt ${rebuiltS.toFixed(1)} s after the network was back`);
  const whenRebuilt = first.results.length;
  await first.until("20 rounds", () => first.results.length >= whenRebuilt + 20);
  const rebuilt = all.map(({ results }) => results.length);
  const isWhole = () => first.results.at(-1)?.averagedCount === first.results.at(-1)?.averaged.length;
  await first.until("whole rounds", isWhole);
  t.diagnostic(
    `${((performance.now() - awayMs) / 1000).toFixed(1)} s without a server, rounds ${all.map(({ results }, i) => (results.at(-1)?.round ?? 0) - (atEnd[i] ?? 0)).join(", ")}`,
  );

  const lateness = watchLateness(t);
  const again = await openRoom(t, task, port);
  const epochs = () => all.map(({ peer }) => peer.snapshot().epoch);
  const members = () => again.server.status().rooms[0]?.peers.filter((peer) => peer.member).length;
  const isAgreed = () =>
    members() === 3 &&
    epochs().every((epoch) => epoch > 1 && epoch === again.server.status().rooms[0]?.epoch);
  const agreedS = await eventually("one view of all", 30_000, isAgreed);
  t.diagnostic(`views agree ${agreedS.toFixed(1)} s after the server was back`);
  assert.ok(agreedS * 1000 - lateness() < 10_000, `after ${agreedS} s, ${lateness()} ms late`);
  const counts = all.map(({ results }) => results.length);
  await first.until("20 rounds in it", () =>
    all.every(({ results }, i) => results.length >= (counts[i] ?? 0) + 20),
  );
  for (const { events } of all) {
    const notices = events.flatMap((event) => (event.kind === "notice" ? event.text : []));
    const ofServer = notices.filter((text) => text.startsWith("the signaling server is"));
    assert.deepEqual(
      ofServer.map((text) => text.split(" (")[0]),
      ["the signaling server is away", "the signaling server is back"],
    );
  }
  for (const [i, { results }] of all.entries()) {
    const rounds = results.slice(rebuilt[i]).map(({ round }) => round);
    const expected = rounds.map((_, at) => (rounds[0] ?? 0) + at);
    assert.deepEqual(rounds, expected, "from the old view to the new one no round is lost or done twice");
  }
});
