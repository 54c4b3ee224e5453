/** The live feed: who sees which rooms, how many may look, and that a crowd costs no more than one watcher. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Server } from "socket.io";
import { io as dial } from "socket.io-client";
import type { Socket } from "socket.io-client";
import type { ServerStatus } from "../../shared/net/status.ts";
import { createEventCounters } from "../../signaling-server/event-counters.ts";
import { createTokenBucket } from "../../shared/core/token-bucket.ts";
import { cookieOf, createGate } from "../../signaling-server/gate.ts";
import { invitePurpose, signToken } from "../../signaling-server/invite-token.ts";
import { createRoom } from "../../signaling-server/room.ts";
import { serveWatchers } from "../../signaling-server/watchers.ts";
import type { WatcherEvents, WatchersOptions } from "../../signaling-server/watchers.ts";
import { stagedStatus } from "../browser/staged-status.ts";
import { within } from "../labs/real-time.ts";
import { portOf, testTask, waitMs } from "./fixture.ts";

const key = "k".repeat(32);
const invite = signToken(key, invitePurpose, { room: "hidden", untilSeconds: 2_000 });

interface Watcher {
  readonly socket: Socket<WatcherEvents>;
  readonly told: ServerStatus[];
  readonly refusals: object[];
  /** Why its connection ended. */
  readonly causes: string[];
}

/** A feed of an open room and a hidden one, with a clock that stands still until it is moved. */
async function play(t: TestContext, more: Partial<WatchersOptions> = {}) {
  let nowMs = 0;
  let written = 0;
  let read = 0;
  let unixSeconds = 1_000;
  const gate = createGate({ key, access: { hidden: "invite" }, unixSeconds: () => unixSeconds });
  const roomOf = (name: string) => {
    const room = createRoom({ name, task: testTask(), iceServersFor: () => [], madeAtMs: 0 }).status();
    const toJSON = () => {
      written += 1;
      return { room: room.room };
    };
    return { ...room, toJSON };
  };
  const status = (): ServerStatus => ({
    schema: 2,
    version: "test",
    uptimeSeconds: 0,
    sockets: 0,
    signals: {},
    rooms: ["open", "hidden"].map(roomOf),
  });
  let beat = () => {};
  const after = (_ms: number, run: () => void) => {
    beat = run;
    return () => {};
  };
  const http = createServer();
  const server = new Server<Record<string, never>, WatcherEvents>(http, {
    transports: ["websocket"],
    serveClient: false,
  });
  const log = () => {};
  const now = () => nowMs;
  const stop = serveWatchers(server.of("/status"), {
    clock: { now, after },
    status,
    gate: {
      sightOf(headers) {
        read += 1;
        return gate.sightOf(headers);
      },
    },
    counters: createEventCounters([]),
    now,
    log,
    limits: { events: () => createTokenBucket(1, 1), expel: log },
    ...more,
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    stop();
    await server.close();
  });
  async function come(extraHeaders: Record<string, string> = {}): Promise<Watcher> {
    const options = { transports: ["websocket"], forceNew: true, reconnection: false };
    const socket: Socket<WatcherEvents> = dial(`http://127.0.0.1:${portOf(http)}/status`, {
      ...options,
      extraHeaders,
    });
    t.after(() => void socket.disconnect());
    const watcher: Watcher = { socket, told: [], refusals: [], causes: [] };
    socket.on("status", (news) => watcher.told.push(news));
    socket.on("refused", (refusal) => watcher.refusals.push(refusal));
    socket.on("disconnect", (cause) => watcher.causes.push(cause));
    const connected = new Promise<void>((resolve) => socket.once("connect", resolve));
    await within(waitMs, "connected", connected);
    return watcher;
  }
  /** What they are told at the next beat, a second later, and how much was written for it. */
  async function beatOf(those: readonly Watcher[]) {
    const told = those.map(async ({ socket }) => {
      const next = new Promise<ServerStatus>((resolve) => socket.once("status", resolve));
      const { rooms } = await within(waitMs, "told", next);
      return rooms.map(({ room }) => room);
    });
    const before = written;
    nowMs += 1_000;
    beat();
    return { told: await Promise.all(told), written: written - before };
  }
  return {
    come,
    beatOf,
    pass: (seconds: number) => void ((nowMs += 1_000 * seconds), (unixSeconds += seconds)),
    written: () => written,
    read: () => read,
    watching: () => server.of("/status").sockets.size,
  };
}

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + waitMs;
  while (!isSo()) {
    assert.ok(performance.now() < end, "waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a beat writes one text for all who may see the same rooms, whatever cookies they send", async (t) => {
  const { come, beatOf, read, pass } = await play(t);
  const plain = await come();
  const alone = await beatOf([plain]);
  assert.deepEqual(alone.told, [["open"]]);
  const odd = ["a=1", `${cookieOf("hidden")}=x`, `${cookieOf("none")}=x`, ";".repeat(8_000)];
  const crowd = [plain, ...(await Promise.all(odd.map((cookie) => come({ cookie }))))];
  await beatOf(crowd);
  assert.deepEqual(await beatOf(crowd), { told: crowd.map(() => ["open"]), written: alone.written });
  const invited = await come({ cookie: `a=1; ${cookieOf("hidden")}=${invite}` });
  await beatOf([plain, invited]);
  assert.deepEqual((await beatOf([plain, invited])).told, [["open"], ["open", "hidden"]]);
  assert.equal(read(), 6, "invites are read when one comes");
  pass(1_000);
  assert.deepEqual((await beatOf([plain, invited])).told, [["open"], ["open"]], "an invite that has ended");
});

test("the first of a second is told at once, and all who follow in it by one text at the next beat", async (t) => {
  const { come, beatOf, written, pass } = await play(t);
  pass(1);
  const first = await come();
  await until(() => first.told.length === 1);
  const once = written();
  const crowd = await Promise.all(Array.from({ length: 20 }, () => come()));
  assert.equal(written(), once);
  const beat = await beatOf([first, ...crowd]);
  assert.equal(beat.written, 2 * once, "the news for one, the snapshot for the others");
});

test("the first snapshot has at most 550 points of a room's curves, the later ones the new ones", async (t) => {
  const rooms = [{ name: "long", peers: 2, seconds: 5_000, hasModel: false }];
  let passed = 0;
  const { come, beatOf } = await play(t, { status: () => stagedStatus(rooms, passed) });
  const first = await come();
  await until(() => first.told.length === 1);
  const second = await come();
  passed += 2;
  await beatOf([first, second]);
  const times = [first, second].map(
    ({ told }) => told.at(-1)?.rooms[0]?.history.map((point) => point.t) ?? [],
  );
  const [news, whole] = times;
  assert.ok(whole && whole.length > 400 && whole.length <= 550, `${whole?.length} points`);
  assert.ok(news && news.length > 0 && news.length <= 2, `${news?.length} new points`);
  assert.equal(whole.at(-1), news.at(-1));
});

test("so many may watch, and so many of one address; who goes makes room", async (t) => {
  const { come, beatOf, watching } = await play(t, { maxWatchers: 3, watchersPerAddress: 2 });
  const from = (address: string) => come({ "x-forwarded-for": address });
  const refusalOf = async (address: string) => {
    const { refusals, causes } = await from(address);
    await until(() => causes.length > 0);
    assert.deepEqual(causes, ["io server disconnect"], "for which the page waits longer");
    return refusals;
  };
  const event = { event: "status", code: "full" };
  const inside = [await from("192.0.2.1"), await from("192.0.2.1")];
  const yours = "this server shows 2 status pages to one address: close some of yours";
  assert.deepEqual(await refusalOf("192.0.2.1"), [{ ...event, reason: yours }]);
  inside.push(await from("192.0.2.2"));
  const all = "this server shows 3 status pages and no more: try again later";
  assert.deepEqual(await refusalOf("192.0.2.3"), [{ ...event, reason: all }]);
  assert.equal((await beatOf(inside)).told.length, 3);
  const [first, ...others] = inside;
  first?.socket.disconnect();
  await until(() => watching() === 2);
  const again = await from("192.0.2.1");
  assert.equal((await beatOf([...others, again])).told.length, 3);
});
