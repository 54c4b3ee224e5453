/** Links alone, in virtual time: what becomes of one when its peer joins again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createMemoryNetwork } from "../../shared/net/memory-link.ts";
import { createMesh } from "../../shared/net/mesh.ts";
import type { Mesh } from "../../shared/net/mesh.ts";
import type { Way } from "../../shared/net/mesh-interface.ts";
import { createSeals } from "../../shared/net/seals.ts";
import { createSigningKey } from "../../shared/net/signing-key.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";

/** Two meshes with a link, over a path that can be dark; `way` is what the first knows of a way to the second. */
function openPair() {
  const clock = createVirtualTime();
  const rng = createRng(1);
  const network = createMemoryNetwork({ clock, rng, delayMs: 20 });
  const meshes = new Map<string, Mesh>();
  const keys = [1, 2].map((number) => createSigningKey(new Uint8Array(32).fill(number)));
  const [firstId, secondId] = keys.map(({ peerId }) => peerId);
  assert.ok(firstId && secondId);
  let isDark = false;
  let way: Way = "open";
  let dialled = 0;

  const createLink: CreateLink = (options) => {
    const { events } = options;
    const onText = (text: string) => void (isDark || events.onText(text));
    return network.createLink({ ...options, events: { ...events, onText } });
  };

  const [first, second] = keys.map((signingKey) => {
    const selfId = signingKey.peerId;
    const isFirst = selfId === firstId;
    const mesh = createMesh({
      selfId,
      clock,
      rng,
      createLink,
      iceServers: [],
      seals: createSeals({
        signingKey,
        room: "main",
        clock,
        isMember: () => true,
        onForged: () => assert.fail("forged"),
      }),
      sendSignal(to, attempt, data) {
        if (isFirst && data.type === "offer") dialled += 1;
        if (!isDark) meshes.get(to)?.signal(selfId, attempt, data);
      },
      // Only the first dials here.
      wayTo: () => (isFirst ? way : "none"),
      events: { onOpen() {}, onClose() {}, onBytes() {}, onControl() {}, onDrain() {} },
    });
    meshes.set(selfId, mesh);
    return mesh;
  });
  assert.ok(first && second);
  const run = (ms: number) => {
    const until = clock.now() + ms;
    clock.runUntil(() => clock.now() >= until);
  };
  second.meet(firstId, false);
  first.meet(secondId, true);
  run(1_000);
  assert.deepEqual(first.open, [secondId]);
  return {
    first,
    second,
    secondId,
    run,
    ways: (next: Way) => void (way = next),
    dark: (next: boolean) => void (isDark = next),
    dialled: () => dialled,
  };
}

for (const darkMs of [0, 2_500])
  test(`a link dark for ${darkMs} ms when its peer joins again before the other one is dialled once there is a way`, () => {
    const { first, secondId, run, ways, dark, dialled } = openPair();
    ways("none");
    dark(true);
    run(darkMs);
    first.reunite([]);
    run(10_000);
    assert.deepEqual(first.open, [], "it was silent for too long");
    assert.equal(dialled(), 1, "nobody could be told");
    dark(false);
    ways("open");
    run(10_000);
    assert.deepEqual(first.open, [secondId]);
    assert.equal(dialled(), 2);
  });

test("a link that is dark when its peer joins again is dialled anew within 4 s where there is a way", () => {
  const { first, secondId, run, dark, dialled } = openPair();
  first.reunite([secondId]);
  dark(true);
  run(4_000);
  assert.ok(dialled() > 1, "before its silence would have closed it");
});

test("who is gone for good when its peer joins again is forgotten", () => {
  const { first, run, ways, dark } = openPair();
  ways("gone");
  dark(true);
  first.reunite([]);
  run(4_000);
  assert.deepEqual(first.ends(), []);
});
