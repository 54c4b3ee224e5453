/** Signed offers: what a server that lies can do to two peers, and what it can't. */
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { createOpensslSigningKey } from "../../peer-node/openssl-signing-key.ts";
import { createSeals } from "../../shared/net/seals.ts";
import type { SealedSignal } from "../../shared/net/seals.ts";
import { createSigningKey, isKeyOf } from "../../shared/net/signing-key.ts";
import { openRoom, toyTask } from "./room.ts";

const keyOf = (number: number) => createSigningKey(new Uint8Array(32).fill(number));
const sdp = "v=0\r\na=fingerprint:sha-256 AA:BB\r\n";

function sealsOf(number: number, room = "main", forged: string[] = [], now = () => 0, members = [1, 3]) {
  const signingKey = keyOf(number);
  const onForged = (peerId: string) => void forged.push(peerId);
  const isMember = (peerId: string) => members.some((one) => keyOf(one).peerId === peerId);
  const seals = createSeals({ signingKey, room, clock: { now }, onForged, isMember });
  return Object.assign(seals, { id: signingKey.peerId });
}

test("a key is Ed25519 as Node's own crypto knows it, and gives the peer id", () => {
  const { key, peerId, sign } = keyOf(1);
  const x = Buffer.from(key, "hex").toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  assert.ok(verify(null, Buffer.from("words"), publicKey, Buffer.from(sign("words"), "hex")));
  assert.equal(createHash("sha512").update(key, "hex").digest("hex").slice(0, 32), peerId);
  assert.ok(isKeyOf(peerId, key) && !isKeyOf(peerId, keyOf(2).key) && !isKeyOf(peerId, key.slice(2)));
});

test("a program's key is the one that a tab would have made of the same secret", () => {
  const [tab, program] = [keyOf(1), createOpensslSigningKey(new Uint8Array(32).fill(1))];
  assert.deepEqual([program.peerId, program.key], [tab.peerId, tab.key]);
  assert.equal(program.sign("words ü"), tab.sign("words ü"));
});

test("what no key could have signed is not signed, and does not throw", () => {
  const { key, sign } = keyOf(1);
  const signature = sign("words");
  for (const { isSigned } of [keyOf(2), createOpensslSigningKey(new Uint8Array(32).fill(2))]) {
    assert.ok(isSigned("words", { key, signature }));
    for (const [badKey, badSignature] of [
      ["f".repeat(64), signature],
      ["", signature],
      [key, ""],
      [key, "z".repeat(128)],
      [key, signature.slice(2)],
      [key, "f".repeat(128)],
    ] as const)
      assert.equal(isSigned("words", { key: badKey, signature: badSignature }), false);
    assert.equal(isSigned("other words", { key, signature }), false);
  }
});

test("an offer is opened by whom it is for, as it was sealed; whatever a relay changes, it is refused", () => {
  const forged: string[] = [];
  const [ann, bob, eve] = [sealsOf(1), sealsOf(2, "main", forged), sealsOf(3)];
  const sealed = ann.seal(bob.id, "a1", { type: "offer", sdp, lane: 2 });
  assert.ok(sealed.type === "offer");
  assert.deepEqual(bob.open(ann.id, "a1", sealed), { type: "offer", sdp, lane: 2 });
  const other = eve.seal(bob.id, "a1", { type: "offer", sdp, lane: 2 });
  assert.ok(other.type === "offer");
  const changes: readonly [what: string, from: string, attempt: string, sealed: SealedSignal][] = [
    ["the certificate", ann.id, "a1", { ...sealed, sdp: sdp.replace("AA", "AB") }],
    ["one more certificate", ann.id, "a1", { ...sealed, sdp: `${sdp}a=fingerprint:sha-256 CC:DD\r\n` }],
    ["its kind", ann.id, "a1", { ...sealed, type: "answer" }],
    ["its lane", ann.id, "a1", { ...sealed, lane: 0 }],
    ["its attempt", ann.id, "a2", sealed],
    ["its sender", eve.id, "a1", sealed],
    ["the key", ann.id, "a1", { ...sealed, key: other.key }],
    ["key and signature", ann.id, "a1", other],
  ];
  for (const [what, from, attempt, changed] of changes)
    assert.equal(bob.open(from, attempt, changed), undefined, what);
  assert.equal(eve.open(ann.id, "a1", sealed), undefined, "its receiver");
  assert.equal(sealsOf(2, "other").open(ann.id, "a1", sealed), undefined, "its room");
  assert.equal(bob.refused, changes.length);
  assert.deepEqual(forged, [ann.id, eve.id], "each is told once");
  assert.deepEqual(bob.open(eve.id, "a1", other), { type: "offer", sdp, lane: 2 });
});

test("who sends signatures without end has few of them checked, and takes nobody else's turn", () => {
  let nowMs = 0;
  const [ann, bob, eve] = [sealsOf(1), sealsOf(2, "main", [], () => nowMs), sealsOf(3)];
  const sealed = eve.seal(bob.id, "1", { type: "offer", sdp });
  const opened = () => bob.open(eve.id, "1", sealed) !== undefined;
  assert.equal(Array.from({ length: 200 }, opened).filter(Boolean).length, 50);
  assert.ok(bob.open(ann.id, "1", ann.seal(bob.id, "1", { type: "answer", sdp })));
  nowMs += 1_000;
  assert.ok(opened());
});

test("who comes under ever new ids, or from all seats of an address, has few checked and keeps no newcomer out", () => {
  let nowMs = 0;
  const [bob, ann] = [sealsOf(2, "main", [], () => nowMs, [1]), sealsOf(1)];
  const offers = Array.from({ length: 60 }, (_, number) => {
    const stranger = sealsOf(10 + number);
    return [stranger.id, stranger.seal(bob.id, "1", { type: "offer", sdp })] as const;
  });
  const checked = (some: typeof offers, times: number) =>
    Array.from({ length: times }, () => some.filter(([id, sealed]) => bob.open(id, "1", sealed))).flat()
      .length;
  assert.equal(checked(offers, 15), 400, "of all strangers");
  assert.ok(bob.open(ann.id, "1", ann.seal(bob.id, "1", { type: "answer", sdp })), "of no member");
  nowMs += 60_000;
  const [seats, [newcomer]] = [offers.slice(0, 16), offers.slice(-1)];
  checked(seats, 30);
  for (let second = 0; second < 10; second++) {
    nowMs += 1_000;
    assert.equal(checked(seats, 10), 16, "one a second of each");
  }
  assert.ok(newcomer && bob.open(newcomer[0], "1", newcomer[1]));
});

test("peers of a server that rewrites their offers do not connect to it, and say why", async (t) => {
  const { add } = await openRoom(t, toyTask({ minPeers: 2 }), 0, (signal) =>
    signal.type === "candidate"
      ? signal
      : { ...signal, sdp: signal.sdp.replace(/(fingerprint:sha-256 )../, "$100") },
  );
  const [first, second] = await Promise.all([add(1), add(2)]);
  const all = () => [...(first?.events ?? []), ...(second?.events ?? [])];
  const isTold = () =>
    all().some((event) => event.kind === "notice" && /was not signed by it/.test(event.text));
  await first
    ?.until("the forgery is told", () => isTold(), 10_000)
    .catch(() => second?.until("told", isTold, 5_000));
  assert.ok(isTold());
  const links = [first, second].flatMap((one) => one?.peer.snapshot().peers ?? []);
  assert.ok(links.every(({ state }) => state !== "open"));
});
