/** What a dark path delivers seconds later: packets of rounds and views that are over. None may ever count. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { createGroup } from "../../shared/simulation/group.ts";
import { countsOf } from "./exchange.ts";

const members = 4;
const rounds = 60;
const newViewAt = 30;

test("of 48,000 packets of earlier rounds and of an earlier view not one value is applied", () => {
  const rng = createRng(5);
  const sent: { readonly from: string; readonly to: number; readonly bytes: Uint8Array }[] = [];
  const group = createGroup({
    members,
    seed: 5,
    valueCount: 400,
    valuesPerFragment: 16,
    weather: { loss: 0.1 },
    // Whoever sends so many copies is muted, and what is muted is not looked at.
    offenceLimit: Infinity,
    onSend: (from, to, bytes) => void sent.push({ from, to: group.ids.indexOf(to), bytes: bytes.slice() }),
  });
  for (let round = 0; round < rounds; round++) {
    // The same peers in other seats, so that an old packet's seat is somebody else's.
    const view = { epoch: 2, fromRound: newViewAt, members: group.ids.toReversed() };
    if (round === newViewAt - 2) for (const machine of group.machines) machine.install(view);
    const old = sent.length;
    for (let n = 0; n < (old > 0 ? 800 : 0); n++) {
      const packet = sent[rng.below(old)];
      group.time.after(30 * rng.float(), () => {
        if (packet) group.machines[packet.to]?.receive(packet.from, packet.bytes, group.time.now());
      });
    }
    // Every value says which round it is of.
    const vectors = group.ids.map((_, seat) => new Float32Array(400).fill(1_000 * round + seat));
    for (const { values, averagedCount } of group.average(round, vectors)) {
      assert.ok(averagedCount > 0);
      const strays = values.filter((value) => value < 1_000 * round || value > 1_000 * round + members);
      assert.equal(strays.length, 0, `round ${round}: ${strays[0]}`);
    }
  }
  const stale = group.ids.reduce((sum, _, seat) => sum + countsOf(group, seat).drops.stale, 0);
  assert.ok(stale > 40_000, `${stale} were counted as stale`);
});
