/** Readers who take their time, or pretend to. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { realClock } from "../../peer-node/real-clock.ts";
import { clientOf } from "../../signaling-server/client-address.ts";
import { createPacedAnswers } from "../../signaling-server/paced-answers.ts";
import { cifarFile, dataFolder, taskOf, writeCifar } from "../data/tiny-files.ts";
import { portOf, startServer } from "./fixture.ts";

const file = `/api/data/${cifarFile("data_batch_1")}`;

async function cifarServer(t: TestContext) {
  const folder = dataFolder(t);
  writeCifar(folder);
  const tasks = { room: taskOf({ kind: "cifar10", shards: 4, seed: 1 }) };
  return startServer(t, { tasks, data: createFolderSource(folder.path) });
}

/** Asks and reads nothing. */
async function unread(
  t: TestContext,
  port: number,
  { times = 1, headers = "", path = file } = {},
): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  socket.pause();
  await once(socket, "connect");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`.repeat(times));
  return socket;
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const signal = AbortSignal.timeout(5_000);
  const { status, body } = await fetch(`${url}${file}`, {
    headers: { range: "bytes=0-9", ...headers },
    signal,
  });
  await body?.cancel();
  return status;
}

test("requests that queue on one connection keep no turns, whether it lasts or ends", async (t) => {
  const { url, port } = await cifarServer(t);
  const sockets = await Promise.all([1, 2, 3].map(() => unread(t, port, { times: 20 })));
  await sleep(300);
  assert.equal(await statusOf(url), 206);
  for (const socket of sockets) socket.destroy();
  for (let more = 0; more < 3; more++) (await unread(t, port, { times: 20 })).destroy();
  await sleep(300);
  assert.deepEqual(await Promise.all(Array.from({ length: 40 }, () => statusOf(url))), Array(40).fill(206));
});

test("slow readers at one address keep nobody at another from reading, and nobody from looking", async (t) => {
  const { url, port } = await cifarServer(t);
  await Promise.all(Array.from({ length: 50 }, () => unread(t, port)));
  await sleep(300);
  assert.equal(await statusOf(url, { "x-forwarded-for": "192.0.2.7" }), 206);
  const signal = AbortSignal.timeout(5_000);
  assert.equal((await fetch(`${url}${file}`, { method: "HEAD", signal })).status, 200);
  assert.equal((await fetch(`${url}/api/data/cifar-10-batches-bin/`, { signal })).status, 200);
});

async function pacedServer(t: TestContext, { waitMs, pieceMs }: { waitMs: number; pieceMs: number }) {
  const limits = { inside: 1, insideEach: 1, waiting: 9, waitingEach: 9, waitMs, pieceMs };
  const answers = createPacedAnswers(limits, realClock);
  const ends: string[] = [];
  const server = createServer((request, response) => {
    async function* pieces() {
      const count = request.url === "/short" ? 1 : 100;
      for (let sent = 0; sent < count; sent++) yield new Uint8Array(1024 * 1024);
    }
    async function answer(): Promise<string> {
      if (await answers.send(request, response, pieces)) return "sent";
      response.writeHead(503).end();
      return "busy";
    }
    void answer()
      .catch(() => "cut")
      .then((end) => ends.push(end));
  }).listen(0, "127.0.0.1");
  t.after(() => server.close().closeAllConnections());
  await once(server, "listening");
  const port = portOf(server);
  return { port, ends, short: () => fetch(`http://127.0.0.1:${port}/short`) };
}

test("who does not take a piece in its time is cut off, and the next one has its turn", async (t) => {
  const { port, ends, short } = await pacedServer(t, { waitMs: 20_000, pieceMs: 500 });
  await unread(t, port, { path: "/" });
  await sleep(50);
  const next = await short();
  assert.equal((await next.arrayBuffer()).byteLength, 1024 * 1024);
  assert.deepEqual(ends, ["cut", "sent"]);
});

test("who waits too long for a turn hears that, who goes away is not waited for", async (t) => {
  const { port, ends, short } = await pacedServer(t, { waitMs: 100, pieceMs: 20_000 });
  await unread(t, port, { path: "/" });
  await sleep(50);
  const left = await unread(t, port, { path: "/" });
  left.destroy();
  assert.equal((await short()).status, 503);
  assert.deepEqual(ends, ["busy", "busy"]);
});

test("whom a request is counted for: proxies on this machine speak for others, nobody else does", () => {
  const cases: readonly (readonly [direct: string, forwarded: string | undefined, client: string])[] = [
    ["192.0.2.1", undefined, "192.0.2.1"],
    ["::ffff:192.0.2.1", "10.0.0.1", "192.0.2.1"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "10.0.0.1, 192.0.2.9", "192.0.2.9"],
    ["::1", "192.0.2.9", "192.0.2.9"],
    ["127.0.0.1", "192.0.2.9:4711", "192.0.2.9"],
    ["127.0.0.1", "[2001:db8:1:2::9]:4711", "2001:db8:1:2"],
    ["127.0.0.1", "[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2"],
    ["127.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2"],
    ["2001:db8::6", undefined, "2001:db8:0:0"],
  ];
  for (const [remoteAddress, forwarded, client] of cases) {
    const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    assert.equal(clientOf({ socket: { remoteAddress }, headers }), client);
  }
});
