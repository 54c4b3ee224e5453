/** What programs are told: /api/status by its schema, /api/rooms/ROOM, and how files come. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { limits } from "../../shared/net/messages.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { joined, linkReport, next, peerIdOf, peerReport, startServer, testTask, waitMs } from "./fixture.ts";
import { faultsOf } from "./json-schema.ts";

const schema = JSON.parse(readFileSync(new URL("../../../docs/status.schema.json", import.meta.url), "utf8"));

async function get(server: SignalingServer, path: string) {
  const headers = { accept: "application/json" };
  const response = await fetch(server.url + path, { headers, signal: AbortSignal.timeout(waitMs) });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** As it comes over the wire: fetch would unpack it. */
function raw(url: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; bytes: number }>(
    (resolve, reject) => {
      const sent = request(url, { headers, timeout: waitMs }, (response) => {
        let bytes = 0;
        response.on("data", (chunk: Uint8Array) => (bytes += chunk.length));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, bytes }));
      });
      sent.on("error", reject);
      sent.end();
    },
  );
}

/** Two members that have reported everything there is to report. */
async function busyServer(t: TestContext): Promise<SignalingServer> {
  const server = await startServer(t, { tasks: { room: testTask({ minPeers: 2 }), other: testTask() } });
  const both = [await joined(t, server, 1), await joined(t, server, 2, { kind: "browser", name: "<b>" })];
  const views = both.map(({ socket }) => next(socket, "view"));
  for (const { socket } of both) socket.emit("ready", { round: 0 });
  await Promise.all(views);
  for (const [index, { socket }] of both.entries()) {
    const values = Array.from({ length: limits.sketchValues }, () => index);
    const link = {
      ...linkReport(2 - index, 100, 90, 10),
      rttMs: 3,
      candidateType: "srflx",
      missed: 1,
    } as const;
    const more = {
      loss: 1,
      validation: { round: 1, loss: 1.5, accuracy: 0.5 },
      roundMsP50: 5,
      roundMsP95: 9,
    };
    socket.emit("report", peerReport({ round: 8, ...more, sketch: { round: 8, values }, links: [link] }));
  }
  const gone = next(both[0]?.socket ?? assert.fail(), "left");
  const third = await joined(t, server, 3);
  third.socket.emit("leave");
  await gone;
  return server;
}

describe("/api/status", () => {
  test("is what docs/status.schema.json says, when nobody is here and when there is much to tell", async (t) => {
    assert.deepEqual(faultsOf((await get(await startServer(t), "/api/status")).body, schema), []);
    const { body } = await get(await busyServer(t), "/api/status");
    assert.deepEqual(faultsOf(body, schema), []);
    const [room] = body.rooms;
    assert.equal(room.disagreement, 1, "replicas 0 and 1: as far from their mean as that is long");
    assert.deepEqual([room.peers[0].rttMs, room.peers[0].candidateType], [3, "srflx"]);
  });

  test("the checker finds what does not fit", () => {
    const faults = faultsOf({ schema: 1, version: 2, rooms: [], sockets: -1, signals: {}, more: 1 }, schema);
    const words = ["const", "type", "minimum", "required", "not in the schema"];
    for (const word of words)
      assert.ok(
        faults.some((fault) => fault.includes(word)),
        `${word}: ${faults.join()}`,
      );
  });
});

describe("/api/rooms/ROOM", () => {
  test("says what is trained and how far it is, and names nobody", async (t) => {
    const server = await busyServer(t);
    const { status, body } = await get(server, "/api/rooms/room");
    assert.equal(status, 200);
    assert.deepEqual(body.task, testTask({ minPeers: 2 }));
    const { task: _, accuracy, loss, validationLoss, ...rest } = body;
    const counts = { peers: 2, members: 2, round: 8, downloadBytes: 0 };
    assert.deepEqual(rest, { room: "room", ...counts, isFinished: false, model: null });
    assert.equal([accuracy, loss, validationLoss].length, 3);
    assert.ok(!JSON.stringify(body).includes(peerIdOf(1)));
  });

  for (const path of ["/api/rooms/nowhere", "/api/rooms/__proto__"]) {
    test(`${path} is 404 with a sentence`, async (t) => {
      const { status, body } = await get(await startServer(t), path);
      assert.equal(status, 404);
      assert.match(body.error, /^There is no such room .*\.$/);
    });
  }
});

describe("files", () => {
  test("come gzipped to who takes that, and plain to who does not; unchanged ones do not come again", async (t) => {
    const { url } = await startServer(t);
    const plain = await raw(`${url}/page.js`, {});
    const packed = await raw(`${url}/page.js`, { "accept-encoding": "gzip, br" });
    assert.deepEqual([plain.status, packed.status], [200, 200]);
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.equal(plain.headers["content-encoding"], undefined);
    for (const { headers } of [plain, packed]) {
      assert.match(String(headers["content-type"]), /^text\/javascript/);
      assert.match(String(headers["vary"]), /Accept-Encoding/i);
      assert.equal(headers["cache-control"], "no-cache");
    }
    assert.ok(packed.bytes < plain.bytes / 2, `${packed.bytes} of ${plain.bytes} bytes`);
    const etag = String(packed.headers["etag"]);
    const again = await raw(`${url}/page.js`, { "accept-encoding": "gzip", "if-none-match": etag });
    assert.deepEqual([again.status, again.bytes], [304, 0]);
  });

  test("pages come gzipped, too, with the headers that make them safe", async (t) => {
    const { url } = await startServer(t);
    for (const path of ["/", "/join/room"]) {
      const { status, headers } = await raw(url + path, { "accept-encoding": "gzip", accept: "text/html" });
      assert.deepEqual([status, headers["content-encoding"]], [200, "gzip"], path);
      assert.match(String(headers["content-type"]), /^text\/html/);
      assert.match(
        String(headers["content-security-policy"]),
        /script-src 'self' 'wasm-unsafe-eval';worker-src 'self'/,
      );
    }
  });

  const addresses: readonly [where: string, headers: Record<string, string>, isIsolated: boolean][] = [
    ["on this machine", {}, true],
    ["on localhost", { host: "localhost:8080" }, true],
    ["on [::1]", { host: "[::1]:8080" }, true],
    ["on plain HTTP from elsewhere", { host: "192.168.1.20:8080" }, false],
    ["at a name like localhost", { host: "localhost.example.org" }, false],
    ["behind a proxy with TLS", { host: "example.org", "x-forwarded-proto": "https" }, true],
    ["behind a proxy without TLS", { host: "example.org", "x-forwarded-proto": "http" }, false],
    ["behind a proxy that says nothing", { host: "example.org", "sec-fetch-site": "none" }, true],
  ];
  for (const [where, sent, isIsolated] of addresses) {
    test(`pages ${where} ask ${isIsolated ? "" : "not "}to be isolated: only there it counts`, async (t) => {
      const { headers } = await raw(`${(await startServer(t)).url}/`, sent);
      const policies = ["cross-origin-opener-policy", "cross-origin-embedder-policy", "origin-agent-cluster"];
      const values = policies.map((name) => headers[name]);
      assert.deepEqual(values, isIsolated ? ["same-origin", "require-corp", "?1"] : Array(3).fill(undefined));
    });
  }
});
