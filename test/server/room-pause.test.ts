import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { restartMs, resumeCoalesceMs } from "../../signaling-server/views.ts";
import { peerIdOf } from "./fixture.ts";
import { ids, play, running } from "./room-play.ts";

describe("a pause", () => {
  test("takes a member out of the next view and lets it stay in the room; ready brings it back", () => {
    const game = running(1, 2);
    game.pause(2);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1));
    assert.equal(game.room.has(peerIdOf(2)), true);
    game.ready(2, 50);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2));
  });

  test("and ready in turns, without end, make few views and do not empty the log; the last wish counts", () => {
    const game = running(1, 2);
    const before = game.views().length;
    for (let turn = 0; turn < 200; turn++) {
      game.pause(2);
      game.pass(400);
      game.ready(2, 50);
      game.pass(400);
    }
    // 160 s: two at once, 32 more, and as many pauses.
    assert.ok(game.views().length - before <= 70, `${game.views().length - before} views`);
    assert.equal(game.room.status().events[0]?.kind, "joined");
    game.pass(5_000 + viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2));
    game.pause(2);
    game.pass(400);
    game.ready(2, 50);
    game.pause(2);
    game.pass(20_000);
    assert.deepEqual(game.views().at(-1)?.members, ids(1));
  });

  test("of the last member keeps its place: the training goes on there, soon, and not from the start", () => {
    const game = running(1);
    game.report(1, { round: 40 });
    game.pause(1);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, []);
    game.pass(60_000);
    game.ready(1, 41);
    game.pass(viewCoalesceMs);
    const view = game.views().at(-1);
    assert.deepEqual(view?.members, ids(1));
    assert.ok((view?.fromRound ?? 0) >= 41 && (view?.fromRound ?? 0) <= 60, `from round ${view?.fromRound}`);
  });

  /** Members 1 and 2, of whom 1 paused in round 50 and 2 in round 500: nobody trains. */
  function allPaused() {
    const game = running(1, 2);
    game.report(1, { round: 50 });
    game.pause(1);
    game.pass(viewCoalesceMs);
    game.report(2, { round: 500 });
    game.pause(2);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 3, fromRound: 0, members: [] });
    return game;
  }

  test("is over: of the replicas that come back the newest counts, the older one listens to it", () => {
    const game = allPaused();
    game.ready(1, 50);
    game.pass(viewCoalesceMs);
    game.ready(2, 500);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 4, fromRound: 500, members: ids(2) });
  });

  test("is over: a stranger that was a member for a moment has no say beyond where the members were", () => {
    const game = running(1, 2, 3);
    game.pause(3);
    game.pass(viewCoalesceMs);
    for (const number of [1, 2]) game.report(number, { round: 100, cycleMs: 200 });
    for (const number of [1, 2]) game.pause(number);
    game.pass(viewCoalesceMs);
    game.ready(3, 900, 2);
    for (const number of [1, 2]) game.ready(number, 102);
    game.pass(resumeCoalesceMs);
    const view = game.views().at(-1);
    assert.deepEqual([view?.fromRound, view?.members], [102, ids(1, 2)]);
  });

  test("that is said again and again is noted once", () => {
    const game = running(1);
    for (let times = 0; times < 5; times += 1) game.pause(1);
    assert.deepEqual(game.notices(), ["peer 1 pauses"]);
  });

  test("is over: a newer checkpoint counts more than the replica, which was there first", () => {
    const game = allPaused();
    game.ready(1, 50);
    for (const number of [3, 4]) {
      game.join(number);
      game.ready(number, 490);
    }
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 4, fromRound: 490, members: ids(3, 4) });
  });

  test("is over: a training that goes on counts more", () => {
    const game = allPaused();
    game.leave(2);
    for (const number of [3, 4]) game.join(number, { resume: { epoch: 2, round: 480 } });
    game.ready(1, 50);
    game.pass(restartMs);
    const view = game.views().at(-1);
    assert.deepEqual(view?.members, ids(3, 4));
    assert.ok(view && view.fromRound > 480, `from round ${view?.fromRound}`);
  });

  test("gives nobody a place in a training that it was no member of", () => {
    const game = play();
    game.join(1);
    game.pause(1);
    game.ready(1);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 0, members: ids(1) }]);
  });

  test("for a moment changes no view", () => {
    const game = running(1, 2);
    game.pause(2);
    game.ready(2, 3);
    game.pass(5_000);
    assert.equal(game.views().length, 1);
  });
});
