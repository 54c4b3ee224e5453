import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerStatus } from "../../shared/net/status.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { joined, linkReport, next, offerTo, peerReport, startServer, waitMs } from "./fixture.ts";

function get(server: SignalingServer, path: string, accept = "*/*"): Promise<Response> {
  return fetch(server.url + path, { headers: { accept }, signal: AbortSignal.timeout(waitMs) });
}

/** Prometheus text → "name{labels}" → value. */
function parseMetrics(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const match = /^([a-z_]+(?:\{[^}]*\})?) (-?[0-9.e+-]+)$/.exec(line);
      assert.ok(match, `not a Prometheus sample: ${line}`);
      return [match[1] ?? "", Number(match[2])];
    }),
  );
}

describe("one snapshot", () => {
  test("status(), /api/status and /metrics say the same", async (t) => {
    let nowMs = 0;
    const due = new Set<{ readonly atMs: number; readonly run: () => void }>();
    const clock = {
      now: () => nowMs,
      after(ms: number, run: () => void) {
        const timer = { atMs: nowMs + ms, run };
        due.add(timer);
        return () => void due.delete(timer);
      },
    };
    const pass = (ms: number) => {
      nowMs += ms;
      const now = [...due].filter(({ atMs }) => atMs <= nowMs);
      for (const timer of now) if (due.delete(timer)) timer.run();
    };
    const server = await startServer(t, { clock });
    const { socket } = await joined(t, server, 1);
    const other = await joined(t, server, 2);
    const validation = { round: 3, loss: 0.5, accuracy: 0.75 };
    const links = [linkReport(2, 1_000, 870, 130)];
    socket.emit("report", peerReport({ round: 4, loss: 0.25, validation, links }));
    socket.emit("ready", { round: 0 });
    const signal = next(other.socket, "signal");
    socket.emit("signal", offerTo(other.peerId));
    await signal;
    pass(1_000);

    const status = server.status();
    const api = await (await get(server, "/api/status")).json();
    assert.deepEqual(api, JSON.parse(JSON.stringify(status)));
    const response = await get(server, "/metrics");
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    const metrics = parseMetrics(await response.text());
    const [room] = status.rooms;
    assert.ok(room);
    assert.deepEqual(
      ["peers", "round", "training_loss", "validation_accuracy", "samples_per_second"].map((name) =>
        metrics.get(`shoal_${name}{room="room"}`),
      ),
      [2, 4, 0.25, 0.75, 100],
    );
    assert.equal(metrics.get('shoal_fragments_sent_total{room="room"}'), room.sent);
    assert.equal(metrics.get('shoal_fragments_received_total{room="room"}'), room.received);
    assert.equal(metrics.get('shoal_fragments_dropped_total{room="room",cause="lost"}'), 130);
    assert.equal(metrics.get('shoal_signal_events_total{event="join",outcome="accepted"}'), 2);
    assert.ok((metrics.get("process_resident_memory_bytes") ?? 0) > 1e6);

    const gone = next(other.socket, "left");
    socket.emit("leave");
    await gone;
    pass(1_000);
    const later = parseMetrics(await (await get(server, "/metrics")).text());
    const figures = ["training_loss", "validation_accuracy"].map((name) => `shoal_${name}{room="room"}`);
    assert.deepEqual(
      figures.filter((name) => later.has(name)),
      [],
      "nobody trains: the last figures are no longer true",
    );
  });

  test("metrics have no series per peer, and what nobody knows has no sample", async (t) => {
    const server = await startServer(t);
    const { peerId } = await joined(t, server, 1);
    const text = await (await get(server, "/metrics")).text();
    assert.ok(!text.includes(peerId) && !text.includes("peer 1"));
    assert.ok(!parseMetrics(text).has('shoal_training_loss{room="room"}'));
  });

  test("no address of a peer is in the snapshot", async (t) => {
    const server = await startServer(t, { host: "127.0.0.1" });
    await joined(t, server, 1);
    assert.ok(!(await (await get(server, "/api/status")).text()).includes("127.0.0.1"));
  });
});

describe("addresses", () => {
  test("/healthz says ok", async (t) => {
    const response = await get(await startServer(t), "/healthz");
    assert.deepEqual([response.status, await response.text()], [200, "ok"]);
  });

  const missing: readonly [path: string, status: number][] = [
    ["/nothing", 404],
    ["/join/nowhere", 404],
    ["/join/ROOM", 404],
    ["/join/%E0%A4%A", 400],
    ["/..%2f..%2fpackage.json", 404],
    ["/join/__proto__", 404],
  ];
  for (const [path, status] of missing) {
    test(`${path} is ${status}: one sentence, as a page or as JSON`, async (t) => {
      const server = await startServer(t);
      const json = await get(server, path, "application/json");
      assert.equal(json.status, status);
      const body: unknown = await json.json();
      assert.match(JSON.stringify(body), /^\{"error":"[^"]+\."\}$/);
      const page = await get(server, path, "text/html");
      assert.equal(page.status, status);
      const text = await page.text();
      assert.match(text, /<p>[^<]+(?:<a href="\/">[^<]+<\/a>\.)?<\/p>/);
      assert.equal(text.includes('<a href="/">'), status === 404, "what is missing is no dead end");
    });
  }

  for (const path of ["/join", "/join/"]) {
    test(`${path} leads to the rooms`, async (t) => {
      const { url } = await startServer(t);
      const { status, headers } = await fetch(url + path, { redirect: "manual" });
      assert.deepEqual([status, headers.get("location")], [302, "/"]);
    });
  }

  test("the page may load nothing from elsewhere and run no inline script", async (t) => {
    const response = await get(await startServer(t), "/join/room", "text/html");
    assert.equal(response.status, 200);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self'/);
    assert.match(policy, /connect-src 'self';/, "not even a WebSocket to another host");
    assert.doesNotMatch(policy, /unsafe-inline|upgrade-insecure-requests/);
    assert.doesNotMatch(await response.text(), /(src|href)="(https?:)?\/\//);
  });
});

test("a status document has its schema's number", async (t) => {
  const server = await startServer(t);
  const { schema, version, rooms }: ServerStatus = server.status();
  assert.deepEqual([schema, version, rooms.map(({ room }) => room)], [2, "test", ["room", "other"]]);
});
