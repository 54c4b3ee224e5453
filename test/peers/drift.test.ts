/** A replica that is not where the others are: who notices, and who can't be made to believe it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createDrift } from "../../shared/net/drift.ts";
import { disagreementOf, sketchOf } from "../../shared/net/sketch.ts";
import { createVirtualTime } from "../../shared/simulation/virtual-time.ts";
import { openVirtualRoom } from "./virtual-room.ts";
import type { VirtualPeer } from "./virtual-room.ts";
import { toyTask } from "./room.ts";

const drifted = ({ events }: VirtualPeer) =>
  events.filter((event) => event.kind === "notice" && event.text.includes("drifted")).length;
const roundOf = ({ peer }: VirtualPeer) => peer.snapshot().report.round;
const sketches = (peers: readonly VirtualPeer[]) =>
  peers.flatMap(({ peer }) => peer.snapshot().report.sketch ?? []);

test("10 % loss, 500 rounds: nobody believes that its replica has drifted", async () => {
  const room = openVirtualRoom({
    task: toyTask({ minPeers: 5 }),
    count: 5,
    seed: 3,
    faults: { loss: 0.1 },
  });
  const [first] = room.peers;
  assert.ok(first);
  assert.ok(await room.run(600_000, () => roundOf(first) >= 500));
  assert.deepEqual(room.peers.map(drifted), [0, 0, 0, 0, 0]);
  assert.ok((disagreementOf(sketches(room.peers)) ?? 1) < 0.1);
  await room.close();
});

test("a peer that hears no fragment and learns elsewhere notices it, listens and returns", async (t) => {
  let isIll = false;
  const room = openVirtualRoom({
    task: toyTask({ minPeers: 5 }),
    count: 5,
    seed: 4,
    faults: { loss: 0.1 },
    hears: (number) => number !== 2 || !isIll,
    tamper(number, _round, parameters) {
      if (number !== 2 || !isIll) return;
      for (let i = 0; i < parameters.length; i++) parameters[i] = (parameters[i] ?? 0) + 0.5;
    },
  });
  const [, , ill] = room.peers;
  assert.ok(ill);
  assert.ok(await room.run(60_000, () => roundOf(ill) >= 50));
  isIll = true;
  const from = roundOf(ill);
  const isNoticed = await room.run(120_000, () => drifted(ill) > 0);
  t.diagnostic(`noticed after ${roundOf(ill) - from} rounds`);
  isIll = false;
  assert.ok(isNoticed);
  assert.deepEqual(room.peers.map(drifted), [0, 0, 1, 0, 0]);
  const at = roundOf(ill);
  const isBack = () => ill.peer.snapshot().report.state === "training" && roundOf(ill) > at + 3;
  assert.ok(await room.run(20_000, isBack), "it takes part again");
  await room.run(30_000);
  assert.ok((disagreementOf(sketches(room.peers)) ?? 1) < 0.1, "it is where the others are");
  await room.close();
});

// ---- the verdict by itself -------------------------------------------------------------------------------

const ids = (count: number) => Array.from({ length: count }, (_, number) => `peer ${number}`);

/** One peer's judgement over so many sketches. */
function judge(options: {
  readonly others: number;
  readonly ownNoise: number;
  readonly noise: number;
  /** Of the others' local steps. */
  readonly moved?: number;
  readonly liars?: number;
  readonly count?: number;
  readonly seed?: number;
}): number {
  const { others, liars = 0, count = 40 } = options;
  const rng = createRng(options.seed ?? 1);
  const model = Float32Array.from({ length: 2_000 }, () => rng.normal());
  const noisy = (size: number) =>
    sketchOf(
      model.map((value) => value + size * rng.normal()),
      1,
    );
  const time = createVirtualTime();
  const names = ids(others + 1);
  const drift = createDrift({ clock: time, selfId: "peer 0", members: () => names });
  let alarms = 0;
  for (let round = 8; round <= 8 * count; round += 8) {
    time.after(2_000, () => {});
    time.step();
    drift.own({ round, values: noisy(options.ownNoise) });
    for (const [at, name] of names.slice(1).entries())
      drift.heard(name, {
        round,
        moved: at < liars ? 0 : (options.moved ?? 0),
        // All of them say the same, which is far away: the strongest that they can do together.
        values:
          at < liars
            ? Array.from({ length: 64 }, (_, i) => 1e6 * (i % 2 === 0 ? 1 : -1))
            : noisy(options.noise),
      });
    if (drift.hasDrifted()) alarms += 1;
  }
  return alarms;
}

test("a minority of liars drives nobody out, and hides nobody's drift; after an alarm there is a minute's peace", () => {
  for (const others of [3, 4, 7, 15]) {
    const liars = Math.ceil(others / 2) - 1;
    for (let seed = 1; seed <= 5; seed++) {
      assert.equal(judge({ others, ownNoise: 0.01, noise: 0.01, liars, seed }), 0, `${others} others`);
      assert.ok(judge({ others, ownNoise: 2, noise: 0.01, liars, seed }) >= 1, `${others} others`);
    }
  }
  // 80 s of sketches; even if all others lie.
  assert.equal(judge({ others: 4, ownNoise: 0.01, noise: 0.01, liars: 4 }), 2);
});

test("too few others, a member of a view that is over and a stranger say nothing about us; small distances are none", () => {
  assert.equal(judge({ others: 2, ownNoise: 2, noise: 0.01 }), 0);
  assert.equal(judge({ others: 5, ownNoise: 0.01, noise: 0 }), 0, "the others have no loss, we have");
  const bad = { others: 5, ownNoise: 0.3, noise: 0 };
  assert.ok(judge(bad) > 0);
  assert.equal(judge({ ...bad, moved: 0.3 * Math.sqrt(2_000) }), 0, "one local step away");
  const time = createVirtualTime();
  const drift = createDrift({ clock: time, selfId: "peer 0", members: () => ids(2) });
  for (let round = 1; round < 20; round++) {
    drift.own({ round, values: sketchOf(new Float32Array(100).fill(1), 1) });
    for (const name of ids(9).slice(2))
      drift.heard(name, { round, values: sketchOf(new Float32Array(100), 1), moved: 0 });
    assert.equal(drift.hasDrifted(), false);
  }
});
