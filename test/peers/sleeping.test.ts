/** A lid that is closed, a page that is frozen, Ctrl-Z: the clock goes on and the peer does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRng } from "../../shared/core/rng.ts";
import { toyTask } from "./room.ts";
import { openVirtualRoom } from "./virtual-room.ts";
import type { VirtualPeer } from "./virtual-room.ts";

const trains = ({ peer }: VirtualPeer) => peer.snapshot().report.state === "training";
const endings = (peers: readonly VirtualPeer[]) => {
  const outcomes: string[] = [];
  for (const { outcome } of peers) void outcome.then((it) => outcomes.push(JSON.stringify(it)));
  return outcomes;
};

test("a member that sleeps for more than a minute trains again within 10 s, the second time too", async (t) => {
  let isDeaf = false;
  const hears = (number: number) => number !== 2 || !isDeaf;
  const room = openVirtualRoom({ task: toyTask({ minPeers: 3 }), count: 3, seed: 5, hears });
  const [, , sleeper] = room.peers;
  assert.ok(sleeper);
  const ended = endings(room.peers);
  assert.ok(await room.run(60_000, () => room.peers.every(trains)));
  for (const time of ["first", "second"]) {
    await room.run(5_000);
    room.suspend(2, 70_000);
    await room.run(70_000);
    assert.equal(room.status().peers.filter(({ member }) => member).length, 2, "the others are alone");
    isDeaf = true; // its links take a moment
    await room.run(3_000);
    isDeaf = false;
    const isBack = () => room.status().peers.filter(({ member }) => member).length === 3 && trains(sleeper);
    const wasBack = await room.run(10_000, isBack);
    assert.deepEqual(ended, [], `nobody ends after the ${time} time`);
    assert.ok(wasBack, `it trains again after the ${time} time`);
  }
  t.diagnostic(`in round ${sleeper.peer.snapshot().report.round}`);
  await room.close();
});

test("a newcomer that slept while it listened was not deaf", async () => {
  let isAwake = false;
  const hears = (number: number) => number !== 3 || isAwake;
  const room = openVirtualRoom({ task: toyTask({ minPeers: 3 }), count: 3, seed: 6, hears });
  assert.ok(await room.run(60_000, () => room.peers.every(trains)));
  const newcomer = room.add();
  const ended = endings([newcomer]);
  await room.run(5_000);
  room.suspend(3, 70_000);
  await room.run(70_000);
  isAwake = true;
  assert.ok(await room.run(10_000, () => trains(newcomer)), "it trains");
  assert.deepEqual(ended, []);
  await room.close();
});

test("a newcomer that hears nobody for a minute ends with a sentence", async () => {
  const hears = (number: number) => number !== 3;
  const room = openVirtualRoom({ task: toyTask({ minPeers: 3 }), count: 3, seed: 7, hears });
  assert.ok(await room.run(60_000, () => room.peers.every(trains)));
  const ended = endings([room.add()]);
  assert.ok(await room.run(90_000, () => ended.length > 0));
  assert.match(ended[0] ?? "", /from any member of the room for 60 s/);
  await room.close();
});

test("members that come back and learn slower than the others are in step within 10 s, and stay so", async (t) => {
  const slow = [1, 4];
  let isBusy = false;
  const rng = createRng(8);
  const trainMs = (number: number) =>
    200 * (0.6 + 0.8 * rng.float()) * (isBusy && slow.includes(number) ? 4 : 1);
  const room = openVirtualRoom({ task: toyTask({ minPeers: 8 }), count: 8, seed: 8, trainMs });
  assert.ok(await room.run(60_000, () => room.peers.every(trains)));
  await room.run(5_000);
  isBusy = true;
  for (const number of slow) room.suspend(number, 20_000);
  await room.run(20_000);
  const { epoch } = room.status();
  const roundsOf = ({ events }: VirtualPeer) =>
    events.filter((event) => event.kind === "round" && event.result.epoch > epoch).length;
  const sleepers = room.peers.filter((_, number) => slow.includes(number));
  assert.ok(await room.run(10_000, () => sleepers.every((peer) => roundsOf(peer) > 0)), "they train again");
  await room.run(5_000);
  const before = room.peers.map(roundsOf);
  await room.run(10_000);
  const rounds = room.peers.map((peer, number) => roundsOf(peer) - (before[number] ?? 0));
  t.diagnostic(`rounds in ten seconds: ${rounds.join(", ")}`);
  assert.ok(Math.min(...rounds) >= 0.5 * Math.max(...rounds), rounds.join());
  await room.close();
});
