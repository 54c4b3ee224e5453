/** The live feed: who sees which rooms, and that a crowd with odd headers costs no more than one watcher. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { Server } from "socket.io";
import { io as dial } from "socket.io-client";
import { createEventCounters } from "../../signaling-server/event-counters.ts";
import { createTokenBucket } from "../../shared/core/token-bucket.ts";
import { cookieOf, createGate } from "../../signaling-server/gate.ts";
import { invitePurpose, signToken } from "../../signaling-server/invite-token.ts";
import type { Room } from "../../signaling-server/room.ts";
import { createRoom } from "../../signaling-server/room.ts";
import { serveWatchers } from "../../signaling-server/watchers.ts";
import { portOf, testTask, waitMs } from "./fixture.ts";

const key = "k".repeat(32);

test("a beat writes one text for all who may see the same rooms, whatever cookies they send", async (t) => {
  const unixSeconds = () => 1_000;
  const gate = createGate({ key, access: { hidden: "invite" }, unixSeconds });
  const roomOf = (name: string): Room =>
    createRoom({ name, task: testTask(), iceServersFor: () => [], madeAtMs: 0 });
  const rooms = [roomOf("open"), roomOf("hidden")];
  let written = 0;
  const counting = (room: Room) => {
    const status = room.status();
    const toJSON = () => {
      written += 1;
      return { room: status.room };
    };
    return { ...status, toJSON };
  };
  const status = () => ({
    schema: 2 as const,
    version: "test",
    uptimeSeconds: 0,
    sockets: 0,
    signals: {},
    rooms: rooms.map(counting),
  });
  let beat = () => {};
  const clock = {
    now: () => 0,
    after(_ms: number, run: () => void) {
      beat = run;
      return () => {};
    },
  };
  const http = createServer();
  const server = new Server(http, { transports: ["websocket"], serveClient: false });
  const log = () => {};
  const stop = serveWatchers(server.of("/status"), {
    clock,
    status,
    gate,
    counters: createEventCounters([]),
    now: clock.now,
    log,
    limits: { events: () => createTokenBucket(1, 1), expel: log },
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    stop();
    await server.close();
  });
  const invite = signToken(key, invitePurpose, { room: "hidden", untilSeconds: 2_000 });

  async function watch(cookie?: string) {
    const options = { transports: ["websocket"], forceNew: true, reconnection: false };
    const extraHeaders = cookie === undefined ? {} : { cookie };
    const socket = dial(`http://127.0.0.1:${portOf(http)}/status`, { ...options, extraHeaders });
    t.after(() => void socket.disconnect());
    const seen = () =>
      new Promise<string[]>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("no status")), waitMs);
        socket.once("status", ({ rooms: told }: { rooms: { room: string }[] }) => {
          clearTimeout(timer);
          resolve(told.map(({ room }) => room));
        });
      });
    await seen();
    return seen;
  }
  async function beatOf(watchers: readonly (() => Promise<string[]>)[]) {
    written = 0;
    const told = watchers.map((seen) => seen());
    beat();
    return { told: await Promise.all(told), written };
  }

  const plain = await watch();
  const alone = await beatOf([plain]);
  assert.deepEqual(alone.told, [["open"]]);
  const odd = ["a=1", `${cookieOf("hidden")}=x`, `${cookieOf("none")}=${invite}`];
  const crowd = [plain, ...(await Promise.all(odd.map(watch)))];
  assert.deepEqual(await beatOf(crowd), {
    told: crowd.map(() => ["open"]),
    written: alone.written,
  });
  const invited = await watch(`a=1; ${cookieOf("hidden")}=${invite}`);
  assert.deepEqual((await beatOf([plain, invited])).told, [["open"], ["open", "hidden"]]);
});
