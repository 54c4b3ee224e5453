import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { peerIdOf } from "./fixture.ts";
import { ids, play } from "./room-play.ts";

describe("joining", () => {
  test("a welcome carries the task, who is here, the shard and the ICE servers; the others hear of it", () => {
    const game = play();
    game.join(1);
    const answer = game.join(2);
    assert.ok(answer.ok);
    assert.deepEqual(answer.roster, [{ peerId: peerIdOf(1), name: "peer 1", kind: "node" }]);
    assert.deepEqual(
      { view: answer.view, shard: answer.shard, iceServers: answer.iceServers, task: answer.task.name },
      { view: null, shard: 1, iceServers: ["stun:s"], task: "test" },
    );
    assert.deepEqual(game.said.at(-1), {
      to: ids(1),
      event: "joined",
      data: { peers: [{ peerId: peerIdOf(2), name: "peer 2", kind: "node" }] },
      mayWait: false,
    });
  });

  test("a peer that comes back has its old shard; a new one has the next", () => {
    const game = play();
    for (const number of [1, 2]) game.join(number);
    game.leave(1);
    assert.deepEqual(
      [game.join(3), game.join(1)].map((answer) => answer.ok && answer.shard),
      [2, 0],
    );
  });

  test("old shards are forgotten in the end: a stream of strangers does not grow the room", () => {
    const game = play();
    for (let number = 1; number <= 2_000; number += 1) {
      game.join(number);
      game.leave(number);
    }
    const answer = game.join(1);
    assert.equal(answer.ok && answer.shard, 2_000);
  });

  test("an id that is connected is taken, and free again once it has left", () => {
    const game = play();
    game.join(1);
    const answer = game.join(1);
    assert.equal(!answer.ok && answer.code, "taken");
    game.leave(1);
    assert.equal(game.join(1).ok, true);
  });

  test("a full room refuses, with its size", () => {
    const game = play();
    for (let number = 0; number < 32; number += 1) assert.equal(game.join(number).ok, true);
    const answer = game.join(99);
    assert.deepEqual(answer, {
      ok: false,
      code: "full",
      reason: 'room "room" is full (32 peers): try again later',
    });
  });

  test("what a peer that is not in the room says changes nothing", () => {
    const game = play();
    game.ready(7);
    game.report(7, { round: 5 });
    game.leave(7);
    game.pass(5_000);
    assert.deepEqual(game.said, []);
  });
});
