import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createMemoryNetwork } from "../../shared/net/memory-link.ts";
import { pause, realClock } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";
import { openTcpRelay } from "./tcp-relay.ts";

test("a peer whose socket breaks is back with all its links, and the run goes on", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ minPeers: 3 }));
  const relay = await openTcpRelay(server.port);
  t.after(() => relay.close());
  // One that dialled the others, one that was dialled, and the one in between.
  const [first, middle, last] = [await add(1), await add(2, undefined, relay.port), await add(3)];
  await middle.until("20 rounds", () => middle.results.length >= 20);
  relay.cut();
  await middle.until("its socket broke", () => middle.events.some((event) => event.kind === "notice"));

  const openLinks = () => middle.peer.snapshot().report.links.filter((link) => link.state === "open").length;
  const members = () => server.status().rooms[0]?.peers.filter((peer) => peer.member).length ?? 0;
  await first.until("all three are members again", () => members() === 3 && openLinks() === 2, 60_000);
  const count = middle.results.length;
  await middle.until("20 rounds together", () => middle.results.length >= count + 20, 60_000);
  const isWhole = ({ results }: typeof first) =>
    results.slice(-10).some((result) => result.averagedCount === result.averaged.length);
  // Who was given up while its links were closed is waited for again after two rounds in time.
  await middle.until("whole rounds", () => [first, middle, last].every(isWhole), 10_000);
  // Who has just stood still may be further behind for a moment.
  const rounds = () => [first, middle, last].map((each) => each.results.at(-1)?.round ?? 0);
  const areTogether = () => Math.max(...rounds()) - Math.min(...rounds()) < 10;
  await middle.until("all of them less than 10 rounds apart", areTogether, 10_000);
});

test("a newcomer without any link waits, never counts rounds of its own, and can be stopped", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ minPeers: 2 }));
  const [first] = await Promise.all([add(1), add(2)]);
  await first.until("20 rounds", () => first.results.length >= 20);
  const nowhere = createMemoryNetwork({ clock: realClock, rng: createRng(1) });
  const deaf = await add(3, nowhere.createLink);
  await deaf.until("it listens", () => deaf.events.some((event) => event.kind === "state"), 20_000);
  await pause(1_000);
  const round = () => deaf.peer.snapshot().report.round;
  assert.ok(round() <= (first.results.at(-1)?.round ?? 0) + 1, `round ${round()}`);
  assert.equal(deaf.results.length, 0);
  assert.equal(server.status().rooms[0]?.peers.filter((peer) => peer.member).length, 2);
  deaf.peer.stop();
  assert.equal((await deaf.outcome).kind, "stopped");
});
