import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { restartMs, resumeCoalesceMs } from "../../signaling-server/views.ts";
import { ids, play } from "./room-play.ts";

/** Peers 1, 2, … that bring models of so many rounds to an empty room. */
function broughtBy(...rounds: readonly number[]) {
  const game = play({ minPeers: rounds.length });
  for (const [at] of rounds.entries()) game.join(at + 1);
  for (const [at, round] of rounds.entries()) game.ready(at + 1, round);
  game.pass(resumeCoalesceMs);
  return game;
}

describe("a room whose peers bring checkpoints", () => {
  test("waits for enough of them, and begins where the newest is; who has another model listens first", () => {
    const game = play({ minPeers: 3 });
    for (const number of [1, 2, 3, 4]) game.join(number);
    game.ready(1, 120);
    game.ready(2, 100);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views(), [], "two of three");
    game.ready(3, 120);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views(), [], "more come within seconds");
    game.ready(4);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 120, members: ids(1, 3) }]);
    game.report(1, { round: 122, cycleMs: 200 });
    game.pass(1_000);
    assert.equal(game.views().length, 1, "a model of round 100 is no member's");
    game.ready(2, 124);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 3, 2));
  });

  test("a training that goes on is newer than any of them", () => {
    const game = play();
    game.join(1);
    game.ready(1, 900);
    game.join(2, { resume: { epoch: 7, round: 120 } });
    game.ready(2, 121);
    // Others of that training may be on their way.
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views(), []);
    game.pass(restartMs - resumeCoalesceMs);
    const [view] = game.views();
    assert.deepEqual(view?.members, ids(2));
    assert.ok(view && view.fromRound > 120 && view.fromRound < 165, `round ${view?.fromRound}`);
    game.ready(1, 900);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(2, 1));
    assert.ok((game.views().at(-1)?.fromRound ?? Infinity) < 200);
  });

  test("what two bring alike goes before a later round that one claims", () => {
    const game = broughtBy(998, 120, 120);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 120, members: ids(2, 3) }]);
    const later = "a later one of peer 1 does not count, nobody else brings it";
    assert.deepEqual(game.notices(), [`training goes on with a model of 120 rounds; ${later}`]);
  });

  test("where no two agree the latest one counts, and that is said", () => {
    const game = broughtBy(100, 140, 120);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 140, members: ids(2) }]);
    assert.deepEqual(game.notices(), ["training goes on with a model of 140 rounds that only peer 2 brings"]);
  });

  test("models of two trainings are not mixed, though they are of one round", () => {
    const game = play({ minPeers: 5 });
    for (const number of [1, 2, 3, 4, 5]) game.join(number);
    for (const [number, training] of [2, 1, 2, 1, 1].entries()) game.ready(number + 1, 120, training);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 120, members: ids(2, 4, 5) }]);
    assert.deepEqual(game.notices(), []);
  });

  test("one that claims a training under way is believed less than two that agree", () => {
    const game = play({ minPeers: 3 });
    game.join(1, { resume: { epoch: 7, round: 998 } });
    for (const number of [2, 3]) {
      game.join(number);
      game.ready(number, 120);
    }
    game.pass(restartMs);
    assert.deepEqual(game.said.at(-1), {
      to: ids(1),
      event: "view",
      data: { epoch: 8, fromRound: 0, members: [] },
    });
    game.ready(1, 998);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 9, fromRound: 120, members: ids(2, 3) });
  });

  test("those that agree wait once for one that claims a training, not for the next one again", () => {
    const game = play({ minPeers: 3 });
    game.pass(20_000);
    for (const number of [1, 2, 3]) {
      game.join(number);
      game.ready(number, 120);
    }
    for (let stranger = 10; stranger < 14; stranger += 1) {
      game.join(stranger, { resume: { epoch: 1, round: 5 } });
      game.pass(resumeCoalesceMs - 100);
      game.leave(stranger);
    }
    assert.deepEqual(
      game.views().find(({ members }) => members.length > 0),
      { epoch: 3, fromRound: 120, members: ids(1, 2, 3) },
    );
  });

  test("one that goes again leaves nothing behind", () => {
    const game = play({ minPeers: 2 });
    game.join(1);
    game.ready(1, 900);
    game.leave(1);
    for (const number of [2, 3]) {
      game.join(number);
      game.ready(number);
    }
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 0, members: ids(2, 3) }]);
  });

  test("who claims to have been through all rounds ends nobody's run", () => {
    for (const round of [1_000, 0xffff_ffff]) {
      const game = play({ minPeers: 2 });
      game.join(1);
      game.ready(1, round);
      game.join(2);
      game.ready(2, 0);
      game.pass(resumeCoalesceMs);
      assert.equal(game.views().at(-1)?.fromRound, 0);
    }
    const game = play({ minPeers: 2 });
    game.join(1, { resume: { epoch: 1, round: 1_000 } });
    game.join(2);
    game.ready(2, 0);
    game.pass(restartMs);
    assert.equal(game.views().at(-1)?.fromRound, 0);
  });
});
