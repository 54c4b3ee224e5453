/** What one address, and one socket, may cost the server and the others. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { createAddresses } from "../../signaling-server/addresses.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { systemClock } from "../../signaling-server/system-clock.ts";
import { createTokenBucket } from "../../shared/core/token-bucket.ts";
import { limits } from "../../shared/net/messages.ts";
import { frameOf, openRaw, pingFrame } from "../labs/raw-websocket.ts";
import { pause, within } from "../labs/real-time.ts";
import {
  connect,
  join,
  joinRequest,
  joined,
  linkReport,
  next,
  offerTo,
  peerIdOf,
  peerReport,
  startServer,
} from "./fixture.ts";

const event = (name: string, data: object) => `42${JSON.stringify([name, data])}`;
const largeOffer = (to: string) => offerTo(to, "x".repeat(8_000));
/** However it ends. */
const closeOf = (tcp: Socket) => new Promise<void>((resolve) => tcp.once("close", () => resolve()));

/** Returns what tells how many ms it has been: where others share the machine, of the time that we got. */
function ownTime(): () => number {
  const [began, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return Math.min(performance.now() - began, (user + system) / 1_000);
  };
}

/** Honest peers, elsewhere: the slowest of their relays while `attack` goes on, ms of our own time; 10 s at most. */
async function slowestRelay(
  t: TestContext,
  server: SignalingServer,
  attack: Promise<unknown>,
): Promise<number> {
  const [first, second] = [await joined(t, server, 1), await joined(t, server, 2)];
  const over = new AbortController();
  void attack.finally(() => over.abort());
  let slowest = 0;
  while (!over.signal.aborted) {
    const ownMs = ownTime();
    const came = next(second.socket, "signal");
    first.socket.emit("signal", offerTo(second.peerId));
    await within(10_000, "a relay", came);
    slowest = Math.max(slowest, ownMs());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return slowest;
}

describe("one address", () => {
  test("has so many sockets and no more; others are not turned away, and who goes makes room", async (t) => {
    const server = await startServer(t, { socketsPerAddress: 3 });
    const inside = await Promise.all([1, 2, 3].map(() => connect(t, server)));
    await assert.rejects(openRaw(server.port));
    const other = await openRaw(server.port, "127.0.0.2");
    other.tcp.destroy();
    inside[0]?.disconnect();
    const again = await within(5_000, "a free place", comeIn(server.port));
    again.tcp.destroy();
  });

  async function comeIn(port: number) {
    for (;;) {
      const socket = await openRaw(port).catch(() => undefined);
      if (socket) return socket;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  test("has so many seats in a room and no more; others come in, who goes makes room, this machine is free", async (t) => {
    const server = await startServer(t, { seatsPerAddress: 2 });
    /** As a proxy on this machine would say it. */
    const from = (address: string) => connect(t, server, { extraHeaders: { "X-Forwarded-For": address } });
    const sit = async (address: string, number: number, room = "room") => {
      const socket = await from(address);
      return { socket, answer: await join(socket, joinRequest(number, { room })) };
    };
    const first = await sit("203.0.113.7", 1);
    assert.ok(first.answer.ok && (await sit("203.0.113.7", 2)).answer.ok);
    const { answer } = await sit("203.0.113.7", 3);
    assert.ok(!answer.ok && answer.code === "full");
    assert.match(answer.reason, /from your address.*--seats-per-address/);
    assert.ok((await sit("203.0.113.7", 4, "other")).answer.ok, "another room");
    assert.ok((await sit("203.0.113.8", 5)).answer.ok, "another address");
    for (const number of [6, 7, 8]) await joined(t, server, number);
    first.socket.emit("leave");
    assert.ok((await sit("203.0.113.7", 9)).answer.ok, "a free seat");
  });

  test("that has sockets thrown out gets new ones more slowly, and not for ever", () => {
    let nowMs = 0;
    const addresses = createAddresses({ socketsPerAddress: 64 }, () => nowMs);
    const comeAndGo = () => {
      const leave = addresses.admit("a");
      leave?.();
      leave?.();
      return leave !== undefined;
    };
    assert.ok(comeAndGo());
    addresses.charge("a");
    addresses.charge("a");
    assert.equal(comeAndGo(), false);
    assert.ok(addresses.admit("b"));
    nowMs += 100;
    assert.ok(comeAndGo());
  });
});

test("a bucket counts bytes, gives what was granted, and fills no higher than its burst", () => {
  const bucket = createTokenBucket(10, 100);
  assert.equal(bucket.take(0, 101), false);
  assert.equal(bucket.take(0, 100), true);
  assert.equal(bucket.take(1_000, 11), false);
  assert.equal(bucket.take(1_000, 10), true);
  bucket.grant(200);
  assert.equal(bucket.take(1_000, 150), true);
  assert.equal(bucket.take(1e9, 101), false);
  assert.equal(bucket.usedShare(1e9), 0);
  bucket.spend(1e9, 1_000, 20);
  assert.ok(Math.abs(bucket.usedShare(1e9) - 1.2) < 1e-9);
  assert.equal(bucket.take(1e9 + 2_000, 1), false, "it owes 20");
  assert.equal(bucket.take(1e9 + 3_000, 10), true);
});

/** Nothing that was spent comes back, however long the test takes. */
const stopped = { ...systemClock, now: () => 0 };

describe("one socket", () => {
  const floods: readonly [what: string, frame: Buffer][] = [
    ["offers to nobody", frameOf(event("signal", largeOffer(peerIdOf(404))))],
    ["answers that nobody asked for", frameOf(`43999["${"x".repeat(8_000)}"]`)],
    ["WebSocket pings", frameOf("x".repeat(100), pingFrame)],
  ];
  for (const [what, frame] of floods) {
    test(`that floods with ${what} is closed within 2 s; others' signals go on`, async (t) => {
      const server = await startServer(t);
      const offender = await openRaw(server.port, "127.0.0.3");
      const batch = Buffer.concat(Array.from({ length: Math.ceil(262_144 / frame.length) }, () => frame));
      const began = performance.now();
      const ownMs = ownTime();
      const gone = closeOf(offender.tcp);
      const pour = () => {
        while (!offender.tcp.destroyed && offender.tcp.write(batch));
      };
      offender.tcp.on("drain", pour);
      setTimeout(pour);
      const slowest = await slowestRelay(t, server, within(30_000, "closed", gone));
      const [ownClosedMs, closedMs] = [ownMs(), performance.now() - began];
      assert.ok(ownClosedMs < 2_000, `${ownClosedMs} of ${closedMs} ms`);
      assert.ok(slowest < 1_000, `${slowest} ms`);
      const { flood, expelled } = server.status().signals;
      assert.equal((flood?.refused ?? 0) + (expelled?.refused ?? 0), 1);
      t.diagnostic(`closed after ${closedMs.toFixed(0)} ms, others' slowest signal ${slowest.toFixed(0)} ms`);
    });
  }

  test("that goes after a second's events costs its address nothing", async (t) => {
    const server = await startServer(t, { socketsPerAddress: 8 });
    const events = Array.from({ length: 190 }, () => frameOf(event("ready", { round: 0 })));
    for (let number = 1; number <= 12; number += 1) {
      const { tcp } = await openRaw(server.port, "127.0.0.3");
      const enter = frameOf(`421${JSON.stringify(["join", joinRequest(number)])}`);
      tcp.end(Buffer.concat([enter, ...events]));
      await closeOf(tcp);
    }
  });

  /** A peer of the room that has stopped reading; what it is sent fills the network's buffers first. */
  async function deafPeer(server: SignalingServer, number: number) {
    const deaf = await openRaw(server.port, "127.0.0.3");
    const isIn = new Promise((resolve) => deaf.tcp.once("data", resolve));
    deaf.send(`421${JSON.stringify(["join", joinRequest(number)])}`);
    await isIn;
    deaf.tcp.pause();
    return deaf.tcp;
  }

  const spenders: readonly [what: string, pieces: number, frame: Buffer][] = [
    ["nearly all bytes that it may send at once", 480, frameOf(`43999["${"x".repeat(8_000)}"]`)],
    ["nearly all events", 990, frameOf(event("ready", { round: 0 }))],
  ];
  for (const [what, pieces, frame] of spenders) {
    test(`that has sent ${what} and closes before it is cut off costs its address new sockets`, async (t) => {
      const server = await startServer(t, { socketsPerAddress: 16, clock: stopped });
      const inside = await joined(t, server, 9);
      const spender = await openRaw(server.port, "127.0.0.3");
      spender.send(`421${JSON.stringify(["join", joinRequest(1)])}`);
      await next(inside.socket, "joined");
      spender.tcp.write(Buffer.concat(Array.from({ length: pieces }, () => frame)));
      const gone = next(inside.socket, "left");
      spender.tcp.end();
      await gone;
      await assert.rejects(openRaw(server.port, "127.0.0.3"));
      const { flood, expelled } = server.status().signals;
      assert.deepEqual([flood?.refused, expelled?.refused], [0, 0]);
      const after = await openRaw(server.port, "127.0.0.4");
      after.tcp.destroy();
    });
  }

  test("that does not read is not cut off for what others send it: their signals are dropped, till it reads again", async (t) => {
    const server = await startServer(t);
    const tcp = await deafPeer(server, 99);
    const crowd = await Promise.all(Array.from({ length: 31 }, (_, at) => joined(t, server, at)));
    const refused: unknown[] = [];
    // Each within its own limits; together 15 MB.
    for (const { socket } of crowd) {
      socket.on("refused", (refusal) => refused.push(refusal));
      for (let sent = 0; sent < 60; sent += 1) socket.emit("signal", largeOffer(peerIdOf(99)));
    }
    for (const { socket } of crowd) await join(socket, joinRequest(1)); // answered once all that was judged
    const { signal, backlog } = server.status().signals;
    assert.ok((signal?.refused ?? 0) > 100, `${signal?.refused} dropped`);
    assert.equal(backlog?.refused, 0);
    assert.equal(refused.length, crowd.length, "of joining twice alone");
    let heard = "";
    const readsOn = new Promise<void>((resolve) =>
      tcp.on(
        "data",
        (piece) => (heard = (heard + String(piece)).slice(-20_000)).includes("again") && resolve(),
      ),
    );
    tcp.resume();
    const again = setInterval(() => crowd[0]?.socket.emit("signal", offerTo(peerIdOf(99), "again")), 100);
    await within(5_000, "a signal once it reads", readsOn).finally(() => clearInterval(again));
    tcp.destroy();
  });

  test("relays half a megabyte of signals at once, and is told when it is more", async (t) => {
    const server = await startServer(t, { clock: stopped });
    const [loud, other] = [await joined(t, server, 1), await joined(t, server, 2)];
    for (let sent = 0; sent < 70; sent += 1) loud.socket.emit("signal", largeOffer(other.peerId));
    const refusal = await next(loud.socket, "refused");
    assert.deepEqual([refusal.event, refusal.code], ["signal", "limit"]);
    assert.equal(server.status().signals["signal"]?.accepted, 63);
  });

  test("that does not read what the server tells it is cut off before it costs much memory", async (t) => {
    const speed = 200;
    const server = await startServer(t, {
      clock: {
        now: () => speed * systemClock.now(),
        after: (ms, run) => systemClock.after(ms / speed, run),
      },
    });
    const links = Array.from({ length: limits.linksPerReport }, (_, at) => linkReport(at, 1, 1));
    for (const { socket } of await Promise.all([1, 2, 3, 4, 5, 6].map((number) => joined(t, server, number))))
      socket.emit("report", peerReport({ links }));
    const deaf = await openRaw(server.port, "127.0.0.3");
    const closed = closeOf(deaf.tcp);
    deaf.send("40/status,");
    deaf.tcp.pause();
    const cutOff = () => server.status().signals["backlog"]?.refused;
    for (let looks = 0; looks < 600 && cutOff() === 0; looks += 1) await pause(50);
    assert.equal(cutOff(), 1);
    deaf.tcp.resume();
    await within(30_000, "closed", closed);
  });
});
