import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { safeRound } from "../../signaling-server/pace.ts";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { restartMs } from "../../signaling-server/views.ts";
import { ids, play, running } from "./room-play.ts";

describe("views", () => {
  test("the first view begins at round 0, once minPeers are ready", () => {
    const game = play({ minPeers: 2 });
    game.join(1);
    game.join(2);
    game.ready(1);
    game.pass(60_000);
    assert.deepEqual(game.views(), []);
    game.ready(2);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 0, members: ids(1, 2) }]);
  });

  test("a joined peer that is not ready is no member, but hears of the view", () => {
    const game = play();
    for (const number of [1, 2]) game.join(number);
    game.ready(1);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.said.at(-1), {
      to: ids(1, 2),
      event: "view",
      data: { epoch: 1, fromRound: 0, members: ids(1) },
    });
  });

  test("a burst of changes makes one view; the next comes no earlier than the coalescing time", () => {
    const game = play();
    for (const number of [1, 2, 3, 4]) {
      game.join(number);
      game.ready(number);
      game.pass(50);
    }
    game.pass(viewCoalesceMs - 4 * 50);
    assert.deepEqual(
      game.views().map(({ members }) => members),
      [ids(1, 2, 3, 4)],
    );
    game.join(5);
    game.ready(5);
    game.pass(viewCoalesceMs - 1);
    assert.equal(game.views().length, 1);
    game.pass(1);
    assert.equal(game.views().length, 2);
  });

  test("survivors keep their order and newcomers follow", () => {
    const game = running(1, 2, 3);
    game.leave(1);
    game.join(4);
    game.ready(4);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(2, 3, 4));
    assert.deepEqual(
      game.views().map(({ epoch }) => epoch),
      [1, 2],
    );
  });

  test("a change that is undone in time makes no view", () => {
    const game = running(1, 2);
    game.leave(2);
    game.join(2, { resume: { epoch: 1, round: 3 } });
    game.pass(5_000);
    assert.equal(game.views().length, 1);
  });

  test("a later view begins about a second ahead of the fastest member's newest report", () => {
    const game = running(1, 2);
    game.report(1, { round: 40, cycleMs: 100 });
    game.report(2, { round: 50, cycleMs: 100 });
    game.pass(500);
    game.join(3);
    game.ready(3);
    game.pass(viewCoalesceMs);
    // 800 ms after the report: 8 rounds on; 2 + 1000/100 ahead of that.
    assert.equal(game.views().at(-1)?.fromRound, 50 + 8 + 12);
  });

  test("without a report the pace is taken to be five rounds per second", () => {
    const game = running(1);
    game.pass(1_000);
    game.join(2);
    game.ready(2);
    game.pass(viewCoalesceMs);
    assert.equal(game.views().at(-1)?.fromRound, Math.floor(1_300 / 200) + 2 + 5);
  });

  test("fromRound never falls while the room runs", () => {
    const game = running(1, 2);
    game.report(1, { round: 500, cycleMs: 10 });
    game.join(3);
    game.ready(3);
    game.pass(viewCoalesceMs);
    const before = game.views().at(-1)?.fromRound ?? 0;
    assert.ok(before >= 500);
    game.leave(1);
    game.leave(3);
    game.report(2, { round: 20, cycleMs: 10 });
    game.pass(viewCoalesceMs);
    assert.equal(game.views().at(-1)?.fromRound, before);
  });

  const farAway = 0xffff_ffff;

  test("a newcomer that is ready can't move the view: only members say where the training is", () => {
    const game = running(1, 2);
    game.report(1, { round: 40, cycleMs: 100 });
    game.join(3);
    game.report(3, { round: farAway });
    game.ready(3);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 2, fromRound: 40 + 3 + 12, members: ids(1, 2, 3) });
  });

  test("a stranger that resumes can't either", () => {
    const game = running(1, 2);
    game.report(1, { round: 40, cycleMs: 100 });
    game.join(3, { resume: { epoch: 1, round: 1_000 } });
    game.pass(restartMs);
    game.ready(3, 1_000);
    game.report(1, { round: 40, cycleMs: 100 });
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2, 3));
    assert.equal(game.views().at(-1)?.fromRound, 40 + 3 + 12);
  });

  test("a member that claims too much is a lead ahead of the middle one at most", () => {
    const game = running(1, 2);
    game.report(1, { round: 40, cycleMs: 100 });
    game.report(2, { round: 999, cycleMs: 1e-9 });
    game.join(3);
    game.ready(3);
    game.pass(viewCoalesceMs);
    assert.equal(game.views().at(-1)?.fromRound, 40 + 3 + 12 + 12);
  });

  const paces: readonly [cycleMs: number | undefined, elapsedMs: number, expected: number][] = [
    [undefined, 0, 7],
    [200, 0, 7],
    [200, 399, 8],
    [1_000, 0, 3],
    [30_000, 5_000, 3],
    [1, 0, 100],
    [-5, 0, 100],
    [10, 60_000, 1_000 + 100],
    [1_000, 8_000, 8 + 2 + 2],
  ];
  for (const [cycleMs, elapsedMs, expected] of paces) {
    test(`a round of ${cycleMs ?? "unknown"} ms, ${elapsedMs} ms after the report: ${expected} rounds ahead`, () => {
      assert.equal(safeRound({ round: 0, atMs: 0, cycleMs }, elapsedMs), expected);
    });
  }
});

describe("the end of a group", () => {
  test("when the last member goes, an empty view sends everybody back to the start", () => {
    const game = running(1);
    game.join(2);
    game.report(1, { round: 70 });
    game.leave(1);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.said.at(-1), {
      to: ids(2),
      event: "view",
      data: { epoch: 2, fromRound: 0, members: [] },
    });
    game.ready(2);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 3, fromRound: 0, members: ids(2) });
  });

  test("a ready newcomer carries the model on when the last member goes", () => {
    const game = running(1);
    game.report(1, { round: 70, cycleMs: 1_000 });
    game.join(2);
    game.ready(2);
    game.leave(1);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(2));
    assert.ok((game.views().at(-1)?.fromRound ?? 0) > 71);
  });
});
