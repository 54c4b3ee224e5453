/** Rooms by invite, closed rooms, and the creator's commands, over real sockets and HTTP. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { makeCreatorKey, readCreatorKey, revocationsBeside } from "../../peer-node/creator-key.ts";
import { signCommand } from "../../signaling-server/creator-commands.ts";
import type { CreatorCommand } from "../../signaling-server/creator-commands.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { proveJoin } from "../../shared/net/join-proof.ts";
import { createGate } from "../../signaling-server/gate.ts";
import { invitePurpose, readToken, signToken } from "../../signaling-server/invite-token.ts";
import type { SignalingServer, SignalingServerOptions } from "../../signaling-server/server.ts";
import {
  connect,
  join,
  joinRequest,
  joined,
  next,
  peerIdOf,
  startServer,
  testTask,
  waitMs,
} from "./fixture.ts";

const creatorKey = "k".repeat(32);
const nowSeconds = () => Date.now() / 1000;
const inviteTo = (room: string, seconds = 60, key = creatorKey) =>
  signToken(key, invitePurpose, { room, untilSeconds: nowSeconds() + seconds });

/** "room" is by invite, "other" is open. */
const startGated = (t: TestContext, more: Partial<SignalingServerOptions> = {}) =>
  startServer(t, { creatorKey, access: { room: "invite" }, ...more });

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const get = (server: SignalingServer, path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, {
    headers: { Accept: "application/json", ...headers },
    signal: AbortSignal.timeout(waitMs),
  });

async function command(server: SignalingServer, asked: CreatorCommand, key = creatorKey) {
  const body = JSON.stringify(asked);
  const authorization = signCommand(key, asked.room, body, nowSeconds());
  const send = (text = body) =>
    fetch(`${server.url}/api/creator`, {
      method: "POST",
      body: text,
      headers: {
        Authorization: authorization,
        "Content-Type": "application/json",
        Accept: "application/json",
      },
    });
  return { first: await send(), send };
}

async function refusalOf(t: TestContext, server: SignalingServer, room: string, invite?: string) {
  const answer = await join(await connect(t, server), joinRequest(9, { room, ...(invite && { invite }) }));
  assert.ok(!answer.ok);
  return { code: answer.code, reason: answer.reason.replace(`"${room}"`, "ROOM") };
}

describe("a room by invite", () => {
  test("who has an invite that holds comes in; with any other it is as if there were no such room", async (t) => {
    const server = await startGated(t);
    await joined(t, server, 1, { invite: inviteTo("room") });
    const absent = await refusalOf(t, server, "nowhere");
    assert.equal(absent.code, "room");
    const worthless = {
      none: undefined,
      expired: inviteTo("room", -1),
      "of another room": inviteTo("other"),
      "of another server": inviteTo("room", 60, "x".repeat(32)),
      "for another purpose": signToken(creatorKey, "command", { room: "room", untilSeconds: 2e9 }),
      "with another room's name": inviteTo("other").replace("other", "room"),
      "that lasts longer than it was signed for": inviteTo("room", -1).replace(/\.\w+\./, ".zzzzzz."),
      "of one letter": "x",
    };
    for (const [what, invite] of Object.entries(worthless))
      assert.deepEqual(await refusalOf(t, server, "room", invite), absent, `an invite ${what}`);
  });

  test("nothing of the server names it to who has no invite", async (t) => {
    const server = await startGated(t);
    await joined(t, server, 1, { invite: inviteTo("room") });
    for (const path of ["/api/status", "/metrics"]) {
      assert.doesNotMatch(await (await get(server, path)).text(), /"room"[:,]"room"|room="room"|peer 1/);
      assert.match(
        await (await get(server, path, bearer(inviteTo("room")))).text(),
        /"room":"room"|room="room"/,
      );
    }
    for (const path of ["/api/rooms/ROOM", "/api/rooms/ROOM/model", "/join/ROOM"]) {
      const [hidden, absent] = await Promise.all(
        ["room", "nowhere"].map(async (room) => {
          const answer = await get(server, path.replace("ROOM", room));
          const headers = [...answer.headers].filter(([name]) => name !== "date");
          return { status: answer.status, headers, body: await answer.text() };
        }),
      );
      assert.deepEqual(hidden, absent, path);
    }
  });

  test("an invite in a header is kept in a cookie, and the cookie opens the room to a tab's socket", async (t) => {
    const server = await startGated(t);
    const answer = await get(server, "/api/rooms/room", bearer(inviteTo("room")));
    assert.equal(answer.status, 200);
    const cookie = answer.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^shoal-invite-room=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict$/);
    const sent = { cookie: cookie.split(";")[0] ?? "" };
    assert.equal((await get(server, "/api/rooms/room", sent)).status, 200);
    const tab = await connect(t, server, { extraHeaders: sent });
    assert.equal((await join(tab, joinRequest(1))).ok, true);
    assert.equal((await get(server, "/api/rooms/other")).headers.get("set-cookie"), null);
  });

  test("a server that starts again knows its invites, and those that it revoked", async (t) => {
    const folder = mkdtempSync(pathOf(tmpdir(), "shoal-key-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = pathOf(folder, "key");
    const options = () => ({ creatorKey: makeCreatorKey(file), revocations: revocationsBeside(file) });
    const before = await startGated(t, options());
    const key = readCreatorKey(file) ?? "";
    const [kept, revoked] = [inviteTo("room", 60, key), inviteTo("room", 60, key)];
    const { socket } = await joined(t, before, 1, { invite: revoked });
    await joined(t, before, 2, { invite: kept });
    const out = next(socket, "disconnect");
    const { first } = await command(before, { do: "revoke", room: "room", invite: revoked }, key);
    assert.equal(first.status, 204);
    await out;
    await refusalOf(t, before, "room", revoked);
    await before.close();
    const after = await startGated(t, options());
    await joined(t, after, 2, { invite: kept });
    await refusalOf(t, after, "room", revoked);
  });
});

test("who came in by an invite comes back after its end and over a restart, for a week, if it was not revoked", () => {
  let seconds = 1_000_000;
  const gateOf = (key?: string) =>
    createGate({ key, access: { room: "invite" }, unixSeconds: () => seconds });
  const invite = signToken(creatorKey, invitePurpose, { room: "room", untilSeconds: seconds + 10 });
  const peer = { room: "room", peerId: peerIdOf(1), invite };
  const before = gateOf(creatorKey);
  const pass = before.passFor(peer);
  seconds += 60;
  assert.equal(before.mayEnter("room", invite), undefined);
  const after = gateOf(creatorKey);
  assert.ok(after.mayReturn({ ...peer, pass }));
  const others: Parameters<typeof after.mayReturn>[0][] = [
    peer,
    { ...peer, pass: invite },
    { ...peer, pass, peerId: peerIdOf(2) },
    { ...peer, pass, room: "other" },
    { ...peer, pass, invite: undefined },
  ];
  for (const other of others) assert.equal(after.mayReturn(other), false);
  assert.equal(gateOf("x".repeat(32)).mayReturn({ ...peer, pass }), false);
  assert.ok(after.revoke(invite), "though it has ended");
  assert.equal(after.mayReturn({ ...peer, pass }), false);
  seconds += 7 * 86_400;
  assert.equal(before.mayReturn({ ...peer, pass }), false);
  const keyless = gateOf();
  const open = { room: "other", peerId: peerIdOf(1) };
  assert.ok(keyless.mayReturn({ ...open, pass: keyless.passFor(open) }));
});

test("who came in by a revoked invite is out, though it could not be written down", async (t) => {
  const write = () => {
    throw new Error("the disk is full");
  };
  const server = await startGated(t, { revocations: { read: () => [], write } });
  const invite = inviteTo("room");
  const { socket } = await joined(t, server, 1, { invite });
  const out = next(socket, "disconnect");
  const { first } = await command(server, { do: "revoke", room: "room", invite });
  await out;
  assert.match(await first.text(), /revoked, but a restart .* forget that \(the disk is full\)/);
  await refusalOf(t, server, "room", invite);
});

describe("the creator", () => {
  test("adds a room, closes it, opens it: who was in comes back to a closed room, nobody else", async (t) => {
    const server = await startGated(t);
    const task = testTask();
    const made = await command(server, { do: "create", room: "new", access: "open", task });
    assert.equal(made.first.status, 204);
    const signingKey = createSigningKey(new Uint8Array(32).fill(1));
    const socket = await connect(t, server);
    const proof = proveJoin(signingKey, { room: "new", peerId: signingKey.peerId }, socket.id ?? "");
    const unproven = joinRequest(1, { room: "new", peerId: signingKey.peerId });
    const welcome = await join(socket, { ...unproven, proof });
    assert.ok(welcome.ok && welcome.pass);
    const { welcome: without } = await joined(t, server, 2, { room: "new" });
    assert.equal(without.pass, undefined, "for the owner of an id only");
    const closed = await command(server, { do: "access", room: "new", access: "closed" });
    assert.equal(closed.first.status, 204);
    socket.emit("leave");
    const absent = await refusalOf(t, server, "nowhere");
    const { pass } = welcome;
    for (const impostor of [
      { ...unproven, proof },
      joinRequest(3, { room: "new", pass }),
      { ...unproven, pass },
    ])
      assert.equal((await join(socket, impostor)).ok, false);
    const back = await join(socket, { ...unproven, proof, pass });
    assert.ok(back.ok);
    assert.equal(back.pass, welcome.pass, "and no longer one");
    assert.deepEqual(await refusalOf(t, server, "new"), absent);
    assert.deepEqual(await refusalOf(t, server, "new", inviteTo("new")), absent);
    const twice = await command(server, { do: "create", room: "new", access: "open", task });
    assert.deepEqual(
      [twice.first.status, await twice.first.json()],
      [409, { error: 'there is a room "new" already.' }],
    );
  });

  test("nobody else does: no key, another body, a second time, a server without a key", async (t) => {
    const server = await startGated(t);
    const open = { do: "access", room: "room", access: "open" } as const;
    const forged = await command(server, open, "x".repeat(32));
    assert.equal(forged.first.status, 403);
    const once = await command(server, { do: "access", room: "other", access: "invite" });
    assert.equal(once.first.status, 204);
    assert.equal((await once.send()).status, 403);
    assert.equal((await once.send(JSON.stringify(open))).status, 403);
    await refusalOf(t, server, "room");
    const keyless = await startServer(t);
    assert.equal((await command(keyless, open, "")).first.status, 404);
  });

  test("rooms have a cap, and tasks are read like a file's", async (t) => {
    const server = await startGated(t);
    const create = async (room: string, task: unknown) =>
      (await command(server, { do: "create", room, access: "open", task })).first;
    for (let made = 2; made < 64; made += 1) assert.equal((await create(`r${made}`, testTask())).status, 204);
    assert.match(await (await create("one-more", testTask())).text(), /64 rooms/);
    assert.match(await (await create("wrong", { name: 1 })).text(), /task|name/);
  });
});

test("a key's file is for its owner only, and a short key is none", (t) => {
  const folder = mkdtempSync(pathOf(tmpdir(), "shoal-key-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = pathOf(folder, "key");
  const key = makeCreatorKey(file);
  assert.match(key ?? "", /^[0-9a-f]{64}$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(makeCreatorKey(file), key);
  const seen = pathOf(folder, "seen");
  writeFileSync(seen, "k".repeat(64), { mode: 0o644 });
  assert.throws(() => readCreatorKey(seen), /others may read it: chmod 600/);
  writeFileSync(file, "short");
  assert.throws(() => readCreatorKey(file), /5 characters/);
  assert.throws(() => makeCreatorKey(folder), /: it is a folder: name a file in it$/);
  const nowhere = pathOf(folder, "none", "key");
  assert.throws(() => makeCreatorKey(nowhere), {
    exitCode: 2,
    message: `--creator-key-file (${nowhere}): can't be made, there is no folder ${pathOf(folder, "none")}`,
  });
  assert.throws(() => makeCreatorKey(pathOf(file, "key")), /can't be read, it is no folder$/);
  assert.throws(() => readCreatorKey(pathOf(folder, "none")), /there is no such file/);
  const revocations = revocationsBeside(file);
  assert.deepEqual(revocations.read(), []);
  mkdirSync(`${file}.revoked`);
  assert.throws(() => revocations.read(), /revoked invites, can't be read, a folder is in the way$/);
});

test("a token holds until its time, for its purpose, under its key", () => {
  const token = signToken(creatorKey, "invite", { room: "a-1", untilSeconds: 1_000 });
  assert.equal(readToken(creatorKey, "invite", token, 999)?.room, "a-1");
  assert.equal(readToken(creatorKey, "invite", token, 1_000), undefined);
  assert.equal(readToken(creatorKey, "other", token, 999), undefined);
  for (let at = 0; at < token.length; at += 1) {
    const changed = token.slice(0, at) + (token[at] === "b" ? "c" : "b") + token.slice(at + 1);
    assert.equal(readToken(creatorKey, "invite", changed, 999), undefined, changed);
  }
});
