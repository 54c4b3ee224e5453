import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { resumeCoalesceMs } from "../../signaling-server/views.ts";
import { ids, running } from "./room-play.ts";

describe("a finished run", () => {
  test("refuses who comes and who waits, and makes no more views", () => {
    const game = running(1, 2);
    game.join(3);
    game.report(1, { round: 1_000 });
    const reason = "the run has ended after 1000 rounds";
    assert.deepEqual(game.said.at(-1), {
      to: ids(3),
      event: "refused",
      data: { event: "ready", code: "finished", reason },
    });
    assert.deepEqual(game.join(4), { ok: false, code: "finished", reason });
    game.leave(1);
    game.leave(2);
    game.ready(3);
    game.pass(5_000);
    assert.equal(game.views().length, 1);
    assert.equal(game.room.dueMs, null);
  });

  test("is not brought about by one member of three", () => {
    const game = running(1, 2, 3);
    game.report(1, { round: 0xffff_ffff });
    game.report(1, { round: 1_000 });
    assert.equal(game.join(4).ok, true);
  });

  test("is brought about by members that go as soon as they have said so", () => {
    const game = running(1, 2, 3, 4, 5, 6);
    for (const number of [1, 2, 3]) {
      assert.equal(game.join(7).ok, true, `${number - 1} of six have said so`);
      game.leave(7);
      game.report(number, { round: 1_000 });
      game.leave(number);
      game.pass(viewCoalesceMs);
    }
    assert.equal(game.join(7).ok, false);
    for (const number of [4, 5, 6]) game.leave(number);
    game.pass(5_000);
    assert.notDeepEqual(game.views().at(-1)?.members, [], "does not start afresh");
  });

  test("is brought about by the last member that goes, until somebody comes: nobody bears it out", () => {
    const game = running(1, 2, 3);
    game.report(1, { round: 1_000 });
    for (const number of [2, 3, 1]) game.leave(number);
    game.pass(60_000);
    assert.equal(game.room.status().isFinished, true);
    assert.equal(game.views().length, 1);
    const answer = game.join(4);
    assert.deepEqual(answer.ok && answer.view, { epoch: 2, fromRound: 0, members: [] });
    game.ready(4, 600);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 3, fromRound: 600, members: ids(4) });
  });

  test("is not brought about by strangers that come one after the other, far from the others' round", () => {
    const game = running(1, 2, 3, 4);
    for (const number of [1, 2, 3]) game.report(number, { round: 100, cycleMs: 100 });
    for (let stranger = 10; stranger < 20; stranger += 1) {
      game.join(stranger);
      game.ready(stranger);
      game.pass(viewCoalesceMs);
      for (const number of [1, 2, 3]) game.report(number, { round: 101, cycleMs: 100 });
      game.report(stranger, { round: 1_000 });
      game.leave(stranger);
      game.pass(viewCoalesceMs);
    }
    assert.equal(game.room.status().isFinished, false);
    for (const number of [1, 2, 3]) game.report(number, { round: 990, cycleMs: 100 });
    game.report(1, { round: 1_000 });
    game.report(2, { round: 1_000 });
    assert.equal(game.room.status().isFinished, true, "those who are there end it");
  });

  test("is not brought about by one that is alone: neither while it stays nor for those who wait", () => {
    const game = running(1);
    game.report(1, { round: 1_000 });
    assert.equal(game.join(2).ok, true);
    game.leave(1);
    game.pass(viewCoalesceMs);
    game.ready(2);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 3, fromRound: 0, members: ids(2) });
  });

  test("is not brought about by what a member of an earlier training said", () => {
    const game = running(1, 2, 3);
    game.report(1, { round: 1_000 });
    for (const number of [1, 2, 3]) game.leave(number);
    game.pass(viewCoalesceMs);
    for (const number of [4, 5]) {
      game.join(number);
      game.ready(number);
    }
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1), { epoch: 3, fromRound: 0, members: ids(4, 5) });
    assert.equal(game.join(6).ok, true);
  });

  test("is not brought about by a peer that is no member", () => {
    const game = running(1);
    game.join(2);
    game.report(2, { round: 1_000 });
    assert.equal(game.join(3).ok, true);
  });
});
