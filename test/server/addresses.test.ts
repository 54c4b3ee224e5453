/** A whole visit, from the first request to being thrown out: no address is left anywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { frameOf, openRaw } from "../labs/raw-websocket.ts";
import { connect, join, joinRequest, joined, linkReport, next, peerReport, startServer } from "./fixture.ts";

/** Of the kinds that a server meets; no version or figure here has four parts. */
const address = /\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,}|::(?:1|ffff)\b|\.local\b|\bcandidate:/i;

test("no address is in the log, the snapshot, the metrics, or what others are told", async (t) => {
  const said: string[] = [];
  const server = await startServer(t, {
    log: (line) => said.push(line),
    creatorKey: "k".repeat(32),
    access: { other: "invite" },
  });
  const [first, second] = [await joined(t, server, 1), await joined(t, server, 2)];
  first.socket.onAny((...event: unknown[]) => said.push(JSON.stringify(event)));
  const candidate = { candidate: "candidate:1 1 UDP 1 192.0.2.7 9 typ host", sdpMid: "0" };
  const came = next(second.socket, "signal");
  first.socket.emit("signal", {
    to: second.peerId,
    attempt: "1",
    data: { type: "candidate", candidate },
  });
  assert.deepEqual((await came).data, { type: "candidate", candidate }, "relayed, to one peer");
  for (const { socket } of [first, second]) {
    socket.emit("report", peerReport({ links: [linkReport(2, 1, 1)] }));
    socket.emit("ready", { round: 0 });
  }
  await next(first.socket, "view");
  await join(await connect(t, server), joinRequest(3, { room: "other" }));
  const hostile = await openRaw(server.port, "127.0.0.3");
  const gone = new Promise((resolve) => hostile.tcp.once("close", resolve));
  for (let sent = 0; sent < 100; sent += 1) hostile.send('42["198.51.100.1",{"ip":"198.51.100.2"}]');
  hostile.tcp.write(frameOf("2["));
  await gone;
  second.socket.io.engine.close();
  await next(first.socket, "left");
  for (const path of ["/api/status", "/metrics", "/api/rooms/room", "/"]) {
    const answer = await fetch(server.url + path, { headers: { "X-Forwarded-For": "203.0.113.9" } });
    said.push(...answer.headers.values(), await answer.text());
  }
  const found = said.map((text) => address.exec(text)?.[0]).filter((hit) => hit !== undefined);
  assert.deepEqual(found, []);
  assert.ok(said.length > 10);
});
