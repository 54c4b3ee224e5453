/** A server that comes back empty, and a newcomer that finds it before the members do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toyTask } from "./room.ts";
import { openVirtualRoom } from "./virtual-room.ts";
import type { VirtualPeer } from "./virtual-room.ts";

const roundsOf = ({ events }: VirtualPeer) =>
  events.flatMap((event) => (event.kind === "round" ? [event.result.round] : []));
const lastRound = (peer: VirtualPeer) => roundsOf(peer).at(-1) ?? -1;

for (const backMs of [400, 5_900]) {
  test(`members that are back after ${backMs} ms have their training, and the newcomer joins it`, async (t) => {
    const room = openVirtualRoom({ task: toyTask({ minPeers: 1 }), count: 3, seed: 11 });
    t.after(() => room.close());
    const members = room.peers.slice();
    const [first] = members;
    assert.ok(first);
    assert.ok(await room.run(60_000, () => members.every((peer) => lastRound(peer) >= 40)));
    const before = lastRound(first);
    room.restartServer((number) => backMs + 30 * number);
    const newcomer = room.add();
    const isJoined = () => room.status().peers.filter(({ member }) => member).length === 4;
    assert.ok(await room.run(30_000, () => isJoined() && lastRound(first) >= before + 60));
    await room.run(5_000);
    for (const member of members) {
      const rounds = roundsOf(member);
      const expected = rounds.map((_, at) => (rounds[0] ?? 0) + at);
      assert.deepEqual(rounds, expected, "no round is lost or done twice");
    }
    const own = roundsOf(newcomer).filter((round) => round < before);
    t.diagnostic(`${own.length} rounds of the newcomer alone; the members' rounds were ${before} and on`);
    assert.ok(lastRound(newcomer) >= before, `it is in round ${lastRound(newcomer)}`);
    assert.ok(newcomer.events.some((event) => event.kind === "state" && event.state === "listening"));
    const [theirs, its] = [first, newcomer].map(({ peer }) => peer.snapshot().report.sketch);
    assert.ok(theirs && its);
    const { disagreement } = room.status();
    assert.ok(disagreement !== null && disagreement < 0.1, `replicas differ by ${disagreement}`);
  });
}
