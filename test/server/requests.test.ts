/** What one connection, and one address, may cost the server over HTTP. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { createAddresses } from "../../signaling-server/addresses.ts";
import { limitRequests } from "../../signaling-server/request-limits.ts";
import { createSnapshots } from "../../signaling-server/snapshots.ts";
import { stagedStatus } from "../browser/staged-status.ts";
import { within } from "../labs/real-time.ts";
import { portOf, startServer, waitMs } from "./fixture.ts";

/** Asks for `path` so many times in one piece, and reads nothing. */
async function pipelined(t: TestContext, port: number, path: string, times: number) {
  const tcp = connect(port, "127.0.0.1");
  t.after(() => tcp.destroy());
  tcp.on("error", () => undefined);
  await once(tcp, "connect");
  tcp.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(times));
  return tcp;
}

describe("a connection that asks again before it has its answer", () => {
  for (const path of ["/api/status", "/metrics", "/api/rooms/room", "/socket.io/", "/"]) {
    test(`is closed, and only its first request is looked at: ${path}`, async (t) => {
      const server = await startServer(t);
      const tcp = await pipelined(t, server.port, path, 1_500);
      const closed = once(tcp, "close");
      let answers = 0;
      tcp.on("data", (bytes) => (answers += String(bytes).split("HTTP/1.1 ").length - 1));
      await within(waitMs, "closed", closed);
      assert.ok(answers <= 1, `${answers} answers`);
      assert.equal(server.status().signals["request"]?.refused, 1);
      const next = await fetch(`${server.url}/healthz`, { signal: AbortSignal.timeout(waitMs) });
      assert.equal(next.status, 200);
    });
  }

  test("and one that waits for each answer may go on", async (t) => {
    const server = await startServer(t);
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(`${server.url}/api/status`, { signal: AbortSignal.timeout(waitMs) });
      await answer.arrayBuffer();
      assert.equal(answer.status, 200);
    }
    assert.equal(server.status().signals["request"]?.refused, 0);
  });
});

test("an address has so many requests, and is told in a sentence when to come back", async (t) => {
  let nowMs = 0;
  const { mayAsk } = createAddresses({ socketsPerAddress: 1 }, () => nowMs);
  let refused = 0;
  const http = createServer((_, response) => void response.end("here"));
  limitRequests(http, { mayAsk, onRefused: () => (refused += 1) });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => http.close().closeAllConnections());
  const ask = (address: string) =>
    fetch(`http://127.0.0.1:${portOf(http)}/`, {
      headers: { "x-forwarded-for": address },
      signal: AbortSignal.timeout(waitMs),
    });
  const most = 8_192;
  for (let i = 0; i < most; i++) assert.ok(mayAsk("192.0.2.1"));
  const answer = await ask("192.0.2.1");
  assert.deepEqual([answer.status, answer.headers.get("retry-after"), refused], [429, "1", 1]);
  assert.deepEqual(await answer.json(), {
    error: "Too many requests from this address: try again in a second.",
  });
  assert.equal((await ask("192.0.2.2")).status, 200, "another address");
  nowMs += 1_000;
  assert.equal((await ask("192.0.2.1")).status, 200, "a second later");
  for (let i = 0; i < 255; i++) assert.ok(mayAsk("192.0.2.1"));
  assert.equal(mayAsk("192.0.2.1"), false);
});

describe("a snapshot", () => {
  const rooms = ["a", "b"].map((name) => ({ name, peers: 3, seconds: 20, hasModel: false }));

  function play() {
    let nowMs = 0;
    let written = 0;
    const status = () => {
      const made = stagedStatus(rooms, 0);
      const counted = made.rooms.map((room) => ({
        ...room,
        toJSON() {
          written += 1;
          return { ...room, toJSON: undefined };
        },
      }));
      return { ...made, rooms: counted };
    };
    const snapshots = createSnapshots(status, () => nowMs);
    async function read(sees: (room: string) => boolean): Promise<unknown> {
      const pieces: Uint8Array[] = [];
      for await (const piece of snapshots.json(sees)) pieces.push(piece);
      return JSON.parse(Buffer.concat(pieces).toString());
    }
    return { snapshots, read, pass: (ms: number) => void (nowMs += ms), written: () => written };
  }

  test("is the status, with the rooms that who asks may know of", async () => {
    const { read } = play();
    const whole = JSON.parse(JSON.stringify(stagedStatus(rooms, 0)));
    assert.deepEqual(await read(() => true), whole);
    assert.deepEqual(await read((room) => room === "b"), { ...whole, rooms: [whole.rooms[1]] });
    assert.deepEqual(await read(() => false), { ...whole, rooms: [] });
  });

  test("is written once a second, however many ask", async () => {
    const { read, snapshots, pass, written } = play();
    for (let i = 0; i < 10; i++) await read(() => true);
    assert.equal(written(), 2);
    const text = snapshots.metrics(() => true);
    pass(999);
    assert.equal(
      snapshots.metrics(() => true),
      text,
    );
    assert.doesNotMatch(snapshots.metrics((room) => room === "b").toString(), /room="a"/);
    pass(1);
    await read(() => true);
    assert.equal(written(), 4);
    assert.notEqual(
      snapshots.metrics(() => true),
      text,
    );
  });
});
