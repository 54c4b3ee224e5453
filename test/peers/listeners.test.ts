/** Those who only listen, and never become members, keep no newcomer out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toyTask } from "./room.ts";
import { openVirtualRoom } from "./virtual-room.ts";
import type { VirtualPeer } from "./virtual-room.ts";

const trains = ({ peer }: VirtualPeer) => peer.snapshot().report.state === "training";

test("beside eight that listen for ever a newcomer trains within 15 s", async (t) => {
  const isIdle = (number: number) => number >= 3 && number < 11;
  const room = openVirtualRoom({
    task: toyTask({ minPeers: 3 }),
    count: 3,
    seed: 21,
    faults: { loss: 0.1 },
    hears: (number) => !isIdle(number), // so that they never have a whole model, and go on listening
  });
  assert.ok(await room.run(60_000, () => room.peers.every(trains)));
  const idle = Array.from({ length: 8 }, () => room.add());
  await room.run(10_000);
  assert.ok(idle.every(({ peer }) => peer.snapshot().report.state === "listening"));
  const newcomer = room.add();
  const from = room.status().peers.length;
  assert.equal(from, 12);
  assert.ok(await room.run(15_000, () => trains(newcomer)), "it trains");
  assert.ok(
    idle.every(({ peer }) => peer.snapshot().report.state === "listening"),
    "they are still there",
  );
  t.diagnostic(`in round ${newcomer.peer.snapshot().report.round}`);
  await room.close();
});

for (const { newcomers, trainMs, delayMs, loss } of [
  { newcomers: 2, trainMs: 200, delayMs: 20, loss: 0 },
  { newcomers: 5, trainMs: 20, delayMs: 1, loss: 0.1 },
  { newcomers: 2, trainMs: 3, delayMs: 1, loss: 0 },
])
  test(`${newcomers} that come at once to one that trains in rounds of ${trainMs} ms all train within 10 s`, async () => {
    const room = openVirtualRoom({
      task: toyTask({ minPeers: 1 }),
      count: 1,
      seed: 22,
      faults: { delayMs, loss },
      trainMs: () => trainMs,
    });
    assert.ok(await room.run(60_000, () => room.peers.every(trains)));
    await room.run(2_000);
    for (let count = 0; count < newcomers; count++) room.add();
    assert.ok(await room.run(10_000, () => room.peers.every(trains)), "all train");
    await room.run(1_000);
    const round = () => room.peers.map(({ peer }) => peer.snapshot().report.round);
    assert.ok(Math.max(...round()) - Math.min(...round()) < 4, `in step: ${round().join(", ")}`);
    assert.ok(room.peers.every(trains));
    await room.close();
  });
