/** A peer whose whole network goes away, or becomes another one: the server and the links at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createFailedLink } from "../../shared/net/link-lifecycle.ts";
import type { CreateLink, Link } from "../../shared/net/link.ts";
import { createMemoryNetwork } from "../../shared/net/memory-link.ts";
import { watchLateness } from "../labs/lateness.ts";
import { pause, realClock } from "../labs/real-time.ts";
import { openRoom, toyTask } from "./room.ts";
import { openTcpRelay } from "./tcp-relay.ts";

/** Links that can be taken away together, like a laptop's when its lid closes. */
function createSwitchedLinks(createLink: CreateLink) {
  const links = new Set<Link>();
  let isOn = true;
  return {
    createLink: (options: Parameters<CreateLink>[0]): Link => {
      if (!isOn) return createFailedLink(options, "no network");
      const link = createLink(options);
      links.add(link);
      return link;
    },
    off() {
      isOn = false;
      for (const link of links) link.close("no network");
      links.clear();
    },
    on: () => void (isOn = true),
  };
}

test("offline and back: a peer without server and links is in the view and linked to all again", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ minPeers: 3 }));
  const relay = await openTcpRelay(server.port);
  t.after(() => relay.close());
  const { createLink } = createMemoryNetwork({ clock: realClock, rng: createRng(1) });
  const network = createSwitchedLinks(createLink);
  const first = await add(1, createLink);
  const roamer = await add(2, network.createLink, relay.port);
  const last = await add(3, createLink);
  await roamer.until("20 rounds", () => roamer.results.length >= 20);

  network.off();
  relay.block();
  await first.until("a view without it", () => first.peer.snapshot().members === 2, 5_000);
  await pause(2_000);
  network.on();
  relay.lift();

  const peers = [first, roamer, last];
  const openLinks = () =>
    peers.map(({ peer }) => peer.snapshot().report.links.filter(({ state }) => state === "open").length);
  const members = () => server.status().rooms[0]?.peers.filter((peer) => peer.member).length;
  const isWhole = () => members() === 3 && openLinks().every((count) => count === 2);
  await first.until("all three are members with all links", isWhole, 60_000);
  const count = roamer.results.length;
  await roamer.until("20 rounds together", () => roamer.results.length >= count + 20, 60_000);
  const rounds = peers.map(({ results }) => results.at(-1)?.round ?? 0);
  assert.ok(Math.max(...rounds) - Math.min(...rounds) < 20, `they are in rounds ${rounds.join(", ")}`);
});

test("a peer that goes dark without a word is out of the view within 12 s", async (t) => {
  const lateness = watchLateness(t);
  const { add, server } = await openRoom(t, toyTask({ minPeers: 3 }));
  const relay = await openTcpRelay(server.port);
  t.after(() => relay.close());
  const { createLink } = createMemoryNetwork({ clock: realClock, rng: createRng(1) });
  const first = await add(1, createLink);
  const dark = await add(2, createLink, relay.port);
  await add(3, createLink);
  await dark.until("20 rounds", () => dark.results.length >= 20);
  relay.mute();
  const mutedMs = performance.now();
  const assertInTime = (what: string) => {
    const tookMs = performance.now() - mutedMs;
    assert.ok(tookMs - lateness() < 12_000, `${what} after ${tookMs} ms, ${lateness()} late`);
  };
  await first.until("a view without it", () => first.peer.snapshot().members === 2, 30_000);
  assertInTime("a view without it");
  const isAway = () => dark.events.some((event) => event.kind === "notice" && /is away/.test(event.text));
  await dark.until("that its socket is half open", isAway, 30_000);
  assertInTime("that its socket is half open");
  relay.cut();
  const left = server.status().rooms[0]?.events.find(({ kind }) => kind === "left");
  assert.equal(left?.text, "peer 2 left: no answer to pings");
});

/** Links that carry nothing any more once their machine has moved; neither end is told. */
function createMovingLinks(createLink: CreateLink) {
  let place = 0;
  return {
    createLink: (options: Parameters<CreateLink>[0]): Link => {
      const { events } = options;
      const here = place;
      const isHere = () => place === here;
      let isClosed = false;
      const link = createLink({
        ...options,
        events: {
          ...events,
          onBytes: (channel, bytes) => isHere() && events.onBytes(channel, bytes),
          onText: (text) => isHere() && events.onText(text),
          onClose: (reason) => isHere() && events.onClose(reason),
        },
      });
      return {
        get state() {
          return isHere() || isClosed ? link.state : "open";
        },
        get bufferedBytes() {
          return link.bufferedBytes;
        },
        signal: (data) => link.signal(data),
        send: (channel, bytes) => !isHere() || link.send(channel, bytes),
        sendText: (text) => !isHere() || link.sendText(text),
        stats: () => link.stats(),
        close(reason) {
          isClosed = true;
          link.close(reason);
        },
      };
    },
    move: () => void (place += 1),
  };
}

test("a peer with a new address has its seat and its links back before the server has missed it", async (t) => {
  const { add, server } = await openRoom(t, toyTask({ minPeers: 3 }));
  const relay = await openTcpRelay(server.port);
  t.after(() => relay.close());
  const { createLink } = createMemoryNetwork({ clock: realClock, rng: createRng(1) });
  const network = createMovingLinks(createLink);
  const first = await add(1, createLink);
  const roamer = await add(2, network.createLink, relay.port);
  const peers = [first, roamer, await add(3, createLink)];
  await roamer.until("20 rounds", () => roamer.results.length >= 20);
  const { epoch } = first.peer.snapshot();

  network.move();
  relay.strand();

  const isWhole = () => {
    const last = roamer.results.at(-1);
    return last?.averagedCount === last?.averaged.length;
  };
  await roamer.until("a round on its own", () => !isWhole());
  await roamer.until("a whole round", isWhole);
  assert.ok(
    peers.every(({ peer }) => peer.snapshot().epoch === epoch),
    "its seat was kept",
  );
});
