/** Redialling without a server: signals through a common neighbour, in virtual time, and what a liar can do with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import type { Link } from "../../shared/net/link.ts";
import { createMemoryNetwork } from "../../shared/net/memory-link.ts";
import type { ControlMessage } from "../../shared/net/control.ts";
import { openPeerMesh } from "../../shared/net/peer-mesh.ts";
import type { PeerMesh } from "../../shared/net/peer-mesh.ts";
import type { SealedSignal } from "../../shared/net/seals.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";

const keyOf = (number: number) => createSigningKey(new Uint8Array(32).fill(number + 1));
const idOf = (number: number) => keyOf(number).peerId;

/** Peers of one room with all links open, and a server that can go away. */
function openRoom(count: number, { seed = 1, members = count } = {}) {
  const time = createVirtualTime();
  const network = createMemoryNetwork({ clock: time, rng: createRng(seed), delayMs: 20 });
  const keys = Array.from({ length: count }, (_, number) => keyOf(number));
  const ids = keys.map(({ peerId }) => peerId);
  const view = { epoch: 1, fromRound: 0, members: ids.slice(0, members) };
  const server = { isUp: true, isDeaf: false, signals: 0 };
  const listed = new Set(ids);
  const made = new Map<string, Link[]>();
  const meshes: PeerMesh[] = keys.map((signingKey, number) => {
    const selfId = signingKey.peerId;
    return openPeerMesh({
      signingKey,
      room: "main",
      onForged: () => {},
      clock: time,
      rng: createRng(seed + number),
      iceServers: [],
      createLink(options) {
        const link = network.createLink(options);
        made.set(selfId, [...(made.get(selfId) ?? []), link]);
        return link;
      },
      membership: {
        view,
        get isUp() {
          return server.isUp;
        },
        lists: (peerId) => listed.has(peerId),
        signal(to, attempt, data) {
          server.signals += 1;
          if (!server.isUp || server.isDeaf) return;
          time.after(10, () => meshes[ids.indexOf(to)]?.fromServer(selfId, attempt, data));
        },
      },
      session: () => undefined,
      isListening: () => false,
      onListener: () => {},
      onClose: () => {},
    });
  });
  const mesh = (number: number): PeerMesh => {
    const found = meshes[number];
    assert.ok(found);
    return found;
  };
  const isLinked = (one: number, other: number) =>
    mesh(one).open.includes(idOf(other)) && mesh(other).open.includes(idOf(one));
  const isWhole = () => ids.every((_, one) => mesh(one).open.length === count - 1);
  function run(ms: number, done: () => boolean = () => false): boolean {
    let isOver = false;
    time.after(ms, () => (isOver = true));
    time.runUntil(() => isOver || done());
    return done();
  }
  const linkOf = (one: number, other: number) =>
    mesh(one)
      .ends()
      .find(({ peerId }) => peerId === idOf(other))?.link;
  function breakLink(one: number, other: number): void {
    linkOf(one, other)?.close("a fault");
    run(50);
  }
  for (const [number, id] of ids.entries())
    for (const [other, otherId] of ids.entries())
      if (otherId !== id) mesh(number).meet(otherId, number > other);
  assert.ok(run(5_000, isWhole), "all links open");
  server.signals = 0;
  return { time, server, listed, made, view, mesh, isLinked, isWhole, run, linkOf, breakLink };
}

/** Whatever `from` says on its link to `to`: a liar is not bound to our code. */
function say(room: ReturnType<typeof openRoom>, from: number, to: number, message: ControlMessage): void {
  room.mesh(from).tell(idOf(to), message);
  room.run(100);
}

const offer: SealedSignal = {
  type: "offer",
  sdp: "nowhere",
  key: "00".repeat(32),
  signature: "00".repeat(64),
};

test("without a server a broken link is dialled again through a common neighbour", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const room = openRoom(3 + (seed % 4), { seed });
    room.server.isUp = false;
    room.breakLink(0, 1);
    assert.ok(!room.isLinked(0, 1));
    assert.ok(
      room.run(10_000, () => room.isLinked(0, 1)),
      `seed ${seed}`,
    );
    assert.equal(room.server.signals, 0);
    assert.ok(room.isWhole(), "the other links stand");
  }
});

test("a peer that has one link left gets all of them back over it", () => {
  const room = openRoom(16);
  room.server.isUp = false;
  for (let other = 2; other < 16; other++) room.linkOf(0, other)?.close("a fault");
  room.run(50);
  assert.deepEqual(room.mesh(0).open, [idOf(1)]);
  assert.ok(room.run(10_000, room.isWhole));
});

test("where the server is there it is asked first, and a neighbour when nobody answers through it", () => {
  const room = openRoom(3);
  room.breakLink(0, 1);
  assert.ok(room.run(10_000, () => room.isLinked(0, 1)));
  assert.ok(room.server.signals > 0);
  room.server.isDeaf = true;
  room.breakLink(0, 1);
  // A first attempt has 20 s.
  assert.ok(room.run(25_000, () => room.isLinked(0, 1)));
});

test("a neighbour that has no link there says so, and the next one is asked", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const room = openRoom(5, { seed });
    room.server.isUp = false;
    // Only 4 can pass anything on between 0 and 1.
    for (const [one, other] of [
      [0, 1],
      [1, 2],
      [1, 3],
    ] as const)
      room.breakLink(one, other);
    assert.ok(
      room.run(12_000, () => room.isLinked(0, 1)),
      `seed ${seed}`,
    );
  }
});

test("nobody to relay: no connection is made in vain, and the server's return ends it", () => {
  const room = openRoom(2);
  room.server.isUp = false;
  room.breakLink(0, 1);
  const before = room.made.get(idOf(0))?.length;
  room.run(300_000);
  assert.equal(room.made.get(idOf(0))?.length, before);
  room.server.isUp = true;
  assert.ok(room.run(5_000, () => room.isLinked(0, 1)));
});

test("a peer that a restarted server neither lists nor has in its view is forgotten, not dialled for ever", () => {
  const room = openRoom(3);
  room.mesh(2).close();
  room.run(1_000);
  room.listed.delete(idOf(2));
  room.run(60_000);
  assert.equal(room.mesh(0).ends().length, 2, "it may come back while the view has it");
  room.view.members = room.view.members.slice(0, 2);
  room.run(61_000);
  assert.equal(room.mesh(0).ends().length, 1);
  const dialled = room.made.get(idOf(0))?.length;
  room.run(600_000);
  assert.equal(room.made.get(idOf(0))?.length, dialled);
});

test("a liar can't break a link that works, speak for a stranger, or join an attempt that is not its own", () => {
  const room = openRoom(5, { members: 4 });
  const liar = 2;
  const made = () => room.made.get(idOf(0))?.length ?? 0;
  const before = made();
  // A link that works.
  say(room, liar, 0, { type: "relayed", from: idOf(1), attempt: "a", data: offer });
  // For itself, for the receiver, for one that is no member, for nobody.
  for (const from of [idOf(liar), idOf(0), idOf(4), "f".repeat(32)])
    say(room, liar, 0, { type: "relayed", from, attempt: "b", data: offer });
  assert.equal(made(), before);
  assert.ok(room.isWhole());

  room.server.isUp = false;
  room.breakLink(0, 1);
  // One that is no member passes nothing on, and a description that is none of ours goes nowhere.
  say(room, 4, 0, { type: "relayed", from: idOf(1), attempt: "c", data: offer });
  const large: SealedSignal = { ...offer, sdp: "x".repeat(5_000) };
  say(room, liar, 0, { type: "relayed", from: idOf(1), attempt: "d", data: large });
  assert.equal(made(), before);
  // What it makes up for a dead link is not signed by the other end: no connection, and the true one comes.
  say(room, liar, 0, { type: "relayed", from: idOf(1), attempt: "e", data: offer });
  assert.equal(made(), before);
  assert.ok(room.run(30_000, () => room.isLinked(0, 1)));
});

test("what grows on its way is not passed on: the relay would seem to be who makes no sense", () => {
  const room = openRoom(4);
  const message = (characters: number) => {
    const data: SealedSignal = { ...offer, sdp: "\u0001".repeat(characters) };
    return { type: "relay", to: idOf(1), attempt: "a", data } as const;
  };
  // As long as a control message may be.
  let characters = 1_000;
  while (JSON.stringify(message(characters + 1)).length <= 8_192) characters += 1;
  for (let n = 0; n < 200; n++) room.mesh(2).tell(idOf(0), message(characters));
  room.run(1_000);
  const relay = room
    .mesh(1)
    .ends()
    .find(({ peerId }) => peerId === idOf(0));
  assert.deepEqual([relay?.nonsense, relay?.state], [0, "open"]);
});

test("what one neighbour may have passed on, and make us connect, is bounded", () => {
  const room = openRoom(4);
  room.server.isUp = false;
  room.breakLink(0, 1);
  const before = room.made.get(idOf(0))?.length ?? 0;
  for (let n = 0; n < 1_000; n++)
    room.mesh(2).tell(idOf(0), { type: "relayed", from: idOf(1), attempt: `x${n}`, data: offer });
  room.run(100);
  assert.ok((room.made.get(idOf(0))?.length ?? 0) - before <= 33);
  let heard = 0;
  const relay = room.mesh(3);
  const tell = relay.tell;
  relay.tell = (peerId, message) => {
    if (message.type === "relayed") heard += 1;
    return tell(peerId, message);
  };
  for (let n = 0; n < 2_000; n++)
    room.mesh(2).tell(idOf(3), { type: "relay", to: idOf(0), attempt: `y${n}`, data: offer });
  room.run(100);
  assert.ok(heard > 0 && heard <= 330, `${heard} passed on`);
});
