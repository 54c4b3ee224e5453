import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { maxOneWordEpoch, restartMs, resumeCoalesceMs, takeoverMs } from "../../signaling-server/views.ts";
import { ids, play, running } from "./room-play.ts";

describe("a restarted server", () => {
  test("makes the view again from what its peers report: later epoch, round ahead of all of them", () => {
    const game = play({ minPeers: 3 });
    game.join(2, { resume: { epoch: 7, round: 120 } });
    game.join(1, { resume: { epoch: 6, round: 118 } });
    game.pass(viewCoalesceMs);
    assert.deepEqual(
      game.views(),
      [],
      "most come back within a few seconds: the old view serves them till then",
    );
    game.pass(restartMs);
    const [view] = game.views();
    assert.equal(view?.epoch, 8);
    assert.deepEqual(view?.members, ids(2, 1));
    assert.ok((view?.fromRound ?? 0) > 120 && (view?.fromRound ?? 0) <= 120 + 45, `round ${view?.fromRound}`);
  });

  test("three that resume outvote one that claims too much", () => {
    const game = play();
    for (const [number, round] of [120, 1_000, 118].entries()) {
      game.join(number + 1, { resume: { epoch: 7, round } });
    }
    game.pass(restartMs);
    const fromRound = game.views().at(-1)?.fromRound ?? 0;
    assert.ok(fromRound > 120 && fromRound <= 120 + 54, `round ${fromRound}`);
  });

  test("a stranger that resumes and goes leaves nothing behind: a new training starts at round 0", () => {
    const game = play();
    game.join(1, { resume: { epoch: 7, round: 900 } });
    game.leave(1);
    game.join(2);
    game.ready(2);
    game.pass(restartMs);
    assert.deepEqual(game.views(), [{ epoch: 8, fromRound: 0, members: ids(2) }]);
  });

  test("of two that resume neither can send the other far ahead", () => {
    const game = play();
    game.join(1, { resume: { epoch: 7, round: 120 } });
    game.join(2, { resume: { epoch: 7, round: 998 } });
    game.pass(restartMs);
    const fromRound = game.views().at(-1)?.fromRound ?? 0;
    assert.ok(fromRound > 120 && fromRound <= 120 + 54, `round ${fromRound}`);
  });

  test("slow rounds are not taken for quick ones before anybody has reported", () => {
    const game = play();
    for (const number of [1, 2]) game.join(number, { resume: { epoch: 7, round: 120, cycleMs: 2_000 } });
    game.pass(restartMs);
    assert.equal(game.views().at(-1)?.fromRound, 120 + 3 + 3);
    game.pass(1_000);
    game.join(3, { resume: { epoch: 7, round: 124, cycleMs: 2_000 } });
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2, 3));
    assert.equal(game.views().at(-1)?.fromRound, 126);
  });

  test("a newcomer that was quicker than the members joins them: what it has begun ends, theirs goes on", () => {
    const game = play();
    game.join(3);
    game.ready(3);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 0, members: ids(3) }]);
    game.pass(1_000);
    game.join(1, { resume: { epoch: 1, round: 120 } });
    const end = { epoch: 2, fromRound: 0, members: [] };
    assert.deepEqual(
      game.said.find(({ event, data }) => event === "view" && data.members.length === 0),
      { to: ids(3), event: "view", data: end },
      "is told to the newcomer",
    );
    game.ready(3, 5);
    game.pass(1_000);
    game.join(2, { resume: { epoch: 1, round: 122 } });
    game.pass(restartMs);
    const last = game.views().at(-1);
    assert.deepEqual([last?.epoch, last?.members], [3, ids(1, 2)]);
    assert.ok(last && last.fromRound > 122 && last.fromRound <= 122 + 45, `round ${last?.fromRound}`);
    assert.ok(
      game.notices().includes("a training from before the server's restart goes on in place of this one"),
    );
    game.report(1, { round: 130 });
    game.ready(3, 131);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2, 3));
  });

  test("nobody's training ends for a member that lost its socket, nor once the server has been there for a while", () => {
    const game = running(1, 2);
    game.leave(2);
    game.pass(viewCoalesceMs);
    game.join(2, { resume: { epoch: 1, round: 3 } });
    game.pass(takeoverMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2));
    game.join(3, { resume: { epoch: 9, round: 500 } });
    game.pass(restartMs);
    const { epoch } = game.views().at(-1) ?? assert.fail();
    assert.deepEqual(game.said.at(-1), {
      to: ids(3),
      event: "view",
      data: { epoch, fromRound: 0, members: [] },
    });
    assert.ok(epoch > 9, "the peer takes it for a newer one than its own");
    assert.equal(game.room.status().peers.filter(({ member }) => member).length, 2);
    game.ready(3, 500);
    game.pass(restartMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2, 3));
  });

  test("a member of the room's training before this one is told that it is over", () => {
    const game = running(1, 2);
    game.leave(2);
    game.pass(viewCoalesceMs);
    game.leave(1);
    game.pass(takeoverMs);
    game.join(3);
    game.ready(3);
    game.pass(viewCoalesceMs);
    const { epoch } = game.views().at(-1) ?? assert.fail();
    game.join(2, { resume: { epoch: 1, round: 900 } });
    assert.deepEqual(game.views().at(-1), { epoch: epoch + 1, fromRound: 0, members: [] });
    game.ready(2, 900);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(3, 2));
    assert.ok((game.views().at(-1)?.fromRound ?? 900) < 900);
  });

  test("nobody's training ends twice: after the first that resumes a second one is a member like any other", () => {
    const game = running(1);
    game.join(2, { resume: { epoch: 3, round: 120 } });
    game.pass(restartMs);
    game.join(3, { resume: { epoch: 9, round: 500 } });
    game.pass(restartMs);
    assert.deepEqual(
      game
        .views()
        .slice(1)
        .map(({ members }) => members),
      [[], ids(2), ids(2, 3)],
    );
  });

  test("one stranger's epoch does not keep members out, nor their next server from numbering after them", () => {
    const farEpoch = 0xffff_0000;
    for (const game of [running(1, 2), play()]) {
      game.pass(takeoverMs);
      game.join(3, { resume: { epoch: farEpoch, round: 1 } });
      game.pass(restartMs);
      const epoch = game.views().at(-1)?.epoch ?? assert.fail("no view");
      assert.equal(epoch, maxOneWordEpoch + 1);
      const next = play();
      next.join(4, { resume: { epoch: farEpoch, round: 1 } });
      next.leave(4);
      for (const number of [1, 2]) assert.ok(next.join(number, { resume: { epoch, round: 9 } }).ok);
      next.pass(restartMs);
      assert.equal(next.views().at(-1)?.epoch, epoch + 1);
    }
  });

  test("of one that resumes late no newcomers' beginning is kept up, if they are enough", () => {
    const game = play({ minPeers: 3 });
    game.pass(takeoverMs);
    game.join(1, { resume: { epoch: 3, round: 0 } });
    for (const number of [2, 3, 4]) {
      game.join(number);
      game.ready(number);
    }
    game.pass(2 * resumeCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 5, fromRound: 0, members: ids(2, 3, 4) });
  });

  test("a member that was here when the training ended goes on with it, however many newcomers are there", () => {
    const game = running(1);
    game.pass(takeoverMs);
    game.report(1, { round: 80, cycleMs: 200 });
    game.leave(1);
    game.pass(viewCoalesceMs);
    game.join(1, { resume: { epoch: 1, round: 82 } });
    game.join(2);
    game.ready(2);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(1));
  });

  test("refuses a resume that no run of this task can have reached", () => {
    const game = play();
    for (const resume of [
      { epoch: 0xffff_ffff, round: 1 },
      { epoch: 1, round: 1_001 },
    ]) {
      const answer = game.join(1, { resume });
      assert.equal(!answer.ok && answer.code, "malformed");
    }
  });
});
