/** How often peers of one socket, and of one address, come into a room: each join is work for all who are there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { proveJoin } from "../../shared/net/join-proof.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { systemClock } from "../../signaling-server/system-clock.ts";
import { connect, join, joinRequest, startServer } from "./fixture.ts";
import type { TestSocket } from "./fixture.ts";

test("one socket joins 20 times, under whatever ids", async (t) => {
  const socket = await connect(t, await startServer(t));
  for (let number = 1; number <= 20; number += 1) {
    assert.ok((await join(socket, joinRequest(number))).ok);
    socket.emit("leave");
  }
  const answer = await join(socket, joinRequest(21));
  assert.ok(!answer.ok && answer.code === "limit");
});

test("an address brings 32 new peers into a room at once and one a second; who was there comes back beside that", async (t) => {
  let aheadMs = 0;
  const server = await startServer(t, { clock: { ...systemClock, now: () => aheadMs } });
  /** As a proxy on this machine would say it. */
  const from = (address: string) => connect(t, server, { extraHeaders: { "X-Forwarded-For": address } });
  const visit = async (socket: TestSocket, ...request: Parameters<typeof joinRequest>) => {
    const answer = await join(socket, joinRequest(...request));
    socket.emit("leave");
    return answer.ok ? "in" : answer.code;
  };
  const key = createSigningKey(new Uint8Array(32).fill(1));
  const { peerId } = key;
  const visitAgain = async () => {
    const socket = await from("203.0.113.7");
    return visit(socket, 0, { peerId, proof: proveJoin(key, { room: "room", peerId }, socket.id ?? "") });
  };
  assert.equal(await visitAgain(), "in");
  const [first, second] = [await from("203.0.113.7"), await from("203.0.113.7")];
  for (let number = 1; number <= 31; number += 1)
    assert.equal(await visit(number < 16 ? first : second, number), "in");
  const third = await from("203.0.113.7");
  assert.equal(await visit(third, 32), "limit");
  assert.equal(await visit(third, 1), "limit", "an id that was there, without a proof");
  assert.equal(await visitAgain(), "in");
  assert.equal(await visit(third, 32, { room: "other" }), "in");
  assert.equal(await visit(await from("203.0.113.8"), 32), "in");
  aheadMs = 1_000;
  assert.equal(await visit(third, 32), "in");
});
