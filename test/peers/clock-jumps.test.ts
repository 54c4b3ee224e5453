/** A wall clock that jumps by an hour, again and again: nothing that a peer or a server does may depend on it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createMemoryNetwork } from "../../shared/net/memory-link.ts";
import { pause, realClock } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";

const hourMs = 3_600_000;

test("the wall clock jumps an hour to and fro: no socket, link or round is lost", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ minPeers: 3 }));
  const { createLink } = createMemoryNetwork({ clock: realClock, rng: createRng(1) });
  const peers = [await add(1, createLink), await add(2, createLink), await add(3, createLink)];
  const [first] = peers;
  assert.ok(first);
  await first.until("20 rounds", () => first.results.length >= 20);
  const epoch = server.status().rooms[0]?.epoch;
  const counts = peers.map(({ results }) => results.length);
  // Before, on a slow machine, one may have said that it waits for the others.
  const said = peers.map(({ events }) => events.length);

  const wallClock = Date.now;
  t.after(() => void (Date.now = wallClock));
  for (let jump = 0; jump < 12; jump++) {
    const offset = [hourMs, 0, -hourMs, 0][jump % 4] ?? 0;
    Date.now = () => wallClock() + offset;
    await pause(250);
    const done = first.results.length;
    await first.until("3 rounds more", () => first.results.length >= done + 3);
  }
  Date.now = wallClock;

  assert.equal(server.status().rooms[0]?.epoch, epoch, "the view is the same");
  for (const [i, { events, results, peer }] of peers.entries()) {
    assert.deepEqual(
      events.slice(said[i]).filter(({ kind }) => kind === "notice"),
      [],
    );
    const rounds = results.slice(counts[i]).map(({ round }) => round);
    assert.ok(rounds.length > 20, `${rounds.length} rounds`);
    assert.deepEqual(
      rounds,
      rounds.map((_, at) => (rounds[0] ?? 0) + at),
    );
    // Who went by the wall clock would miss somebody at each of the jumps.
    const incomplete = results.slice(counts[i]).filter(({ missed }) => missed.length > 0);
    assert.ok(incomplete.length <= 3, `${incomplete.length} rounds went on without somebody`);
    assert.ok(peer.snapshot().report.links.every(({ state }) => state === "open"));
  }
});
