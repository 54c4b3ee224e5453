/** Many at once, fast or as slow as can be: the others are served in between, and nobody stays for ever. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { relieveHeap } from "../../signaling-server/heap-relief.ts";
import { createTurns } from "../../signaling-server/turns.ts";
import { openRaw } from "../labs/raw-websocket.ts";
import { within } from "../labs/real-time.ts";
import { joined, next, offerTo, startServer } from "./fixture.ts";

test("one piece of work for each turn, addresses in rotation", () => {
  const due: (() => void)[] = [];
  const turns = createTurns((run) => due.push(run));
  const done: string[] = [];
  for (const piece of ["a1", "a2", "a3", "b1", "a4", "c1"])
    turns.wait(piece.slice(0, 1), () => done.push(piece));
  const inOrder = ["a1", "b1", "c1", "a2", "a3", "a4"];
  for (let turn = 1; due.length > 0; turn += 1) {
    due.shift()?.();
    assert.deepEqual(done, inOrder.slice(0, turn));
  }
  assert.deepEqual(done, inOrder);
  turns.wait("a", () => turns.wait("b", () => done.push("b2")));
  due.shift()?.();
  due.shift()?.();
  assert.equal(done.at(-1), "b2");
});

test("who is half in goes before the rest of its address, and not before other addresses", () => {
  const due: (() => void)[] = [];
  const turns = createTurns((run) => due.push(run));
  const done: string[] = [];
  for (const piece of ["a1", "a2", "b1"]) turns.wait(piece.slice(0, 1), () => done.push(piece));
  turns.wait("a", () => done.push("a0"), "first");
  turns.wait("b", () => done.push("b0"), "first");
  while (due.length > 0) due.shift()?.();
  assert.deepEqual(done, ["a0", "b0", "a1", "b1", "a2"]);
});

test("memory is collected after a crowd has left, a few times, and at no other time", () => {
  const beats: (() => void)[] = [];
  const after = (_ms: number, run: () => void) => {
    beats.push(run);
    return () => void beats.splice(0);
  };
  let sockets = 0;
  let collected = 0;
  const stop = relieveHeap({ clock: { after }, sockets: () => sockets, collect: () => (collected += 1) });
  const collectedAt = (...counts: readonly number[]) => {
    const before = collected;
    for (const count of counts) {
      sockets = count;
      beats.shift()?.();
    }
    return collected - before;
  };
  assert.equal(collectedAt(0, 900, 0, 0), 0, "a small one");
  assert.equal(collectedAt(4_000, 3_000, 1_001), 0, "not gone yet");
  assert.equal(collectedAt(1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000), 5);
  assert.equal(collectedAt(1_900, 0, 0, 0, 0, 0, 0, 0), 5, "again");
  stop();
  assert.equal(beats.length, 0);
});

test("a crowd that comes all at once is let in as far as it may, and signals pass between its handshakes", async (t) => {
  const server = await startServer(t, { socketsPerAddress: 100 });
  const [first, second] = [await joined(t, server, 1), await joined(t, server, 2)];
  const tries = Array.from({ length: 200 }, () => openRaw(server.port, "127.0.0.4").catch(() => undefined));
  const over = new AbortController();
  const crowd = Promise.all(tries).finally(() => over.abort());
  let passed = 0;
  for (; !over.signal.aborted; passed += 1) {
    const came = next(second.socket, "signal");
    first.socket.emit("signal", offerTo(second.peerId));
    await came;
  }
  const inside = (await crowd).filter((socket) => socket !== undefined);
  for (const { tcp } of inside) tcp.destroy();
  assert.equal(inside.length, 100);
  assert.ok(passed > 5, `${passed} signals meanwhile`);
});

describe("who speaks slowly, or not at all", () => {
  const headersTimeoutMs = 500;
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  const key = `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`;
  const slow: readonly [what: string, text: string, drip?: string][] = [
    ["says nothing", "", ""],
    [
      "opens a socket and nothing on it",
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n${upgrade}${key}`,
      "",
    ],
    ["sends headers byte by byte", "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"],
    [
      "announces a body that does not come",
      "POST /api/creator HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
    ],
  ];
  for (const [what, text, drip = "x"] of slow) {
    test(`and ${what} is gone within three and a half times the limit for headers`, async (t) => {
      const server = await startServer(t, { headersTimeoutMs });
      const tcp = await open(t, server.port, "127.0.0.5");
      const began = performance.now();
      const gone = once(tcp, "close");
      tcp.write(text);
      const dripping = setInterval(() => tcp.write(drip), 50);
      await within(5_000, "closed", gone).finally(() => clearInterval(dripping));
      const tookMs = performance.now() - began;
      assert.ok(tookMs >= headersTimeoutMs / 2, `${tookMs} ms`);
    });
  }

  test("takes nothing from others: one address has so many connections of any kind", async (t) => {
    const server = await startServer(t, { socketsPerAddress: 8 });
    const slowOnes = await Promise.all(
      Array.from({ length: 8 + 128 }, () => open(t, server.port, "127.0.0.5")),
    );
    for (const tcp of slowOnes) tcp.write("GET / HTTP/1.1\r\nHost: a\r\n");
    const surplus = await open(t, server.port, "127.0.0.5");
    await within(2_000, "turned away", once(surplus, "close"));
    const other = await openRaw(server.port, "127.0.0.6");
    other.tcp.destroy();
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200, "this machine, where a proxy would be");
    slowOnes[0]?.destroy();
    const again = await within(2_000, "a free place", comeIn(t, server.port));
    again.destroy();
  });

  /** Stays open for a while: it was let in. */
  async function comeIn(t: TestContext, port: number): Promise<Socket> {
    for (;;) {
      const tcp = await open(t, port, "127.0.0.5");
      const isOut = await Promise.race([
        once(tcp, "close").then(() => true),
        new Promise<false>((resolve) => setTimeout(() => resolve(false), 100)),
      ]);
      if (!isOut) return tcp;
    }
  }

  async function open(t: TestContext, port: number, localAddress: string): Promise<Socket> {
    const tcp = connect({ host: "127.0.0.1", port, localAddress });
    tcp.on("error", () => undefined);
    tcp.resume();
    t.after(() => tcp.destroy());
    await once(tcp, "connect");
    return tcp;
  }
});
