/** A peer id belongs to who holds its key: shown at `join`, for this socket only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { proveJoin } from "../../shared/net/join-proof.ts";
import type { JoinProof } from "../../shared/net/join-proof.ts";
import { connectSignaling } from "../../shared/net/signaling-client.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { maxRefusalsInARow } from "../../signaling-server/events.ts";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { pause } from "../labs/real-time.ts";
import {
  connect,
  join,
  joinRequest,
  joined,
  next,
  offerTo,
  peerIdOf,
  peerReport,
  startServer,
} from "./fixture.ts";

const keyOf = (number: number) => createSigningKey(new Uint8Array(32).fill(number));

test("who proves the key gets its id back from who does not; without a proof nobody is put out", async (t) => {
  const server = await startServer(t);
  const witness = await joined(t, server, 9);
  const signingKey = keyOf(1);
  const request = joinRequest(1, { peerId: signingKey.peerId });
  const impostor = await connect(t, server);
  assert.ok((await join(impostor, request)).ok, "the owner is away");
  const connected = await connectSignaling(server.url, { signingKey });
  assert.ok(connected.ok);
  t.after(() => connected.signaling.close());
  const [toldImpostor, toldOthers] = [next(impostor, "refused"), next(witness.socket, "left")];
  assert.ok((await connected.signaling.join(request)).ok);
  assert.equal((await toldImpostor).code, "taken");
  assert.equal((await toldOthers).peerId, signingKey.peerId);
  const again = await join(impostor, request);
  assert.ok(!again.ok && again.code === "taken");
  assert.equal(server.status().rooms[0]?.peers.length, 2);
});

test("who proves the key again takes the seat of its older socket at once, without a new view", async (t) => {
  const server = await startServer(t);
  const witness = await joined(t, server, 9);
  const signingKey = keyOf(1);
  const request = joinRequest(1, { peerId: signingKey.peerId });
  const joinProven = async () => {
    const connected = await connectSignaling(server.url, { signingKey });
    assert.ok(connected.ok);
    t.after(() => connected.signaling.close());
    return connected.signaling;
  };
  const older = await joinProven();
  const welcome = await older.join(request);
  assert.ok(welcome.ok);
  const told = next(witness.socket, "view");
  older.send("ready", { round: 0 });
  const { epoch } = await told;
  const [left, back] = [next(witness.socket, "left"), next(witness.socket, "joined")];
  const answer = await (await joinProven()).join({ ...request, resume: { epoch, round: 3 } });
  assert.ok(answer.ok);
  assert.deepEqual([answer.shard, answer.view?.epoch], [welcome.shard, epoch]);
  for (const { peerId } of [await left, ...(await back).peers]) assert.equal(peerId, signingKey.peerId);
  const heard: string[] = [];
  witness.socket.onAny((event: string) => heard.push(event));
  older.send("leave");
  await pause(2 * viewCoalesceMs);
  assert.deepEqual(heard, [], "what the older one says counts for nothing");
  assert.deepEqual(
    server.status().rooms[0]?.peers.map(({ peerId, member }) => [peerId, member]),
    [
      [witness.peerId, false],
      [signingKey.peerId, true],
    ],
  );
});

test("a proof is worth nothing for another room, socket, id or key, and there are so many for one socket", async (t) => {
  const server = await startServer(t);
  const socket = await connect(t, server);
  const [own, other] = [keyOf(1), keyOf(2)];
  const { peerId } = own;
  const socketId = socket.id ?? "";
  const right = proveJoin(own, { room: "room", peerId }, socketId);
  const wrong: readonly JoinProof[] = [
    proveJoin(own, { room: "other", peerId }, socketId),
    proveJoin(own, { room: "room", peerId }, "another"),
    proveJoin(own, { room: "room", peerId: other.peerId }, socketId),
    proveJoin(other, { room: "room", peerId }, socketId),
    { ...right, key: other.key },
    { ...right, key: "f".repeat(64) },
    { ...right, signature: "0".repeat(128) },
  ];
  const tryWith = (proof: JoinProof) => join(socket, joinRequest(1, { peerId, proof }));
  for (const proof of wrong) {
    const answer = await tryWith(proof);
    assert.ok(!answer.ok && answer.code === "malformed");
    assert.match(answer.reason, /the key of peer/);
  }
  assert.ok((await tryWith(right)).ok);
  for (let tried = wrong.length + 1; tried < 20; tried += 1) {
    socket.emit("leave");
    assert.ok((await tryWith(right)).ok);
  }
  socket.emit("leave");
  const tooMany = await tryWith(right);
  assert.ok(!tooMany.ok && tooMany.code === "limit");
});

test("a peer whose server has hung up comes back", async (t) => {
  const server = await startServer(t);
  const signingKey = keyOf(1);
  const connected = await connectSignaling(server.url, { signingKey });
  assert.ok(connected.ok);
  const { signaling } = connected;
  t.after(() => signaling.close());
  const request = joinRequest(1, { peerId: signingKey.peerId });
  assert.ok((await signaling.join(request)).ok);
  const seen: string[] = [];
  const nothing = () => undefined;
  const back = new Promise<void>((resolve) => {
    signaling.on({
      joined: nothing,
      left: nothing,
      view: nothing,
      pace: nothing,
      model: nothing,
      signal: nothing,
      refused: nothing,
      disconnected: (reason) => void seen.push(reason),
      connected: resolve,
    });
  });
  for (let sent = 0; sent < maxRefusalsInARow; sent += 1) signaling.send("signal", offerTo(peerIdOf(7)));
  await back;
  assert.deepEqual(seen, ["io server disconnect"]);
  assert.ok((await signaling.join(request)).ok);
});

test("members whose sockets broke come back with their proofs and end what a newcomer has begun; nobody else does", async (t) => {
  const server = await startServer(t);
  const keys = [keyOf(1), keyOf(2)];
  const come = async (at: number, round: number, isProven: boolean) => {
    const socket = await connect(t, server);
    const [signingKey = assert.fail()] = keys.slice(at);
    const proof = isProven && proveJoin(signingKey, { room: "room", ...signingKey }, socket.id ?? "");
    const resume = round > 0 && { resume: { epoch: 1, round } };
    const more = { peerId: signingKey.peerId, ...resume, ...(proof && { proof }) };
    const answer = await join(socket, joinRequest(at, more));
    assert.ok(answer.ok);
    return { socket, view: answer.view };
  };
  const members = await Promise.all([come(0, 0, true), come(1, 0, true)]);
  const first = next(members[0].socket, "view");
  for (const { socket } of members) socket.emit("ready", { round: 0 });
  assert.equal((await first).members.length, 2);
  for (const { socket } of members) socket.emit("report", peerReport({ round: 50, cycleMs: 200 }));
  const newcomer = await joined(t, server, 9);
  const emptied = next(newcomer.socket, "view");
  for (const { socket } of members) socket.io.engine.close();
  assert.deepEqual((await emptied).members, []);
  const begun = next(newcomer.socket, "view");
  newcomer.socket.emit("ready", { round: 0 });
  assert.deepEqual((await begun).members, [newcomer.peerId]);
  const impostor = await come(0, 90, false);
  assert.deepEqual(impostor.view?.members, [newcomer.peerId]);
  const ended = next(newcomer.socket, "view");
  for (const at of [0, 1])
    assert.equal((await come(at, 90, true)).view, null, "it is waited for the other one");
  assert.deepEqual((await ended).members, []);
});
