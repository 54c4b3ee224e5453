/** A server that was cut off: its members come back to a training that somebody has begun meanwhile. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { resumeCoalesceMs, takeoverMs } from "../../signaling-server/views.ts";
import { believedMs, lostTogetherMs, returnMs } from "../../signaling-server/returning.ts";
import { ids, play } from "./room-play.ts";

const proof = { key: "0".repeat(64), signature: "0".repeat(128) };
const cycleMs = 200;

/** These have trained for `lastedMs` and are in round 500; then the server loses their sockets one by one. */
function cutOff(members: readonly number[], { lastedMs = 100_000 } = {}) {
  const game = play({ rounds: 100_000 });
  for (const number of members) {
    game.join(number);
    game.ready(number);
  }
  game.pass(lastedMs);
  for (const number of members) game.report(number, { round: 500, cycleMs });
  game.pass(10_000);
  for (const number of members) {
    game.lose(number);
    game.pass(1_000);
  }
  assert.deepEqual(game.views().at(-1)?.members, []);
  return {
    ...game,
    /** Newcomers begin, and train for so long. */
    begin(numbers: readonly number[], ms: number) {
      for (const number of numbers) {
        game.join(number, { proof });
        game.ready(number);
      }
      game.pass(viewCoalesceMs);
      const view = game.views().at(-1);
      assert.deepEqual([view?.fromRound, view?.members], [0, ids(...numbers)]);
      game.pass(ms - viewCoalesceMs);
    },
    /** What it is told at once; a view of others is not for it. */
    back(number: number, round: number, more: object = { proof }) {
      const answer = game.join(number, { resume: { epoch: 1, round }, ...more });
      assert.ok(answer.ok);
      const told = game.said.flatMap((effect) =>
        effect.event === "view" && effect.to.includes(ids(number)[0] ?? "") ? [effect.data] : [],
      );
      return { view: answer.view, told: told.at(-1) };
    },
    members: () => game.room.status().peers.filter(({ member }) => member).length,
    last: () => game.views().at(-1) ?? assert.fail("no view"),
    toldTo: (number: number, since: number) =>
      game.said.slice(since).filter(({ event, to }) => event === "view" && to.includes(ids(number)[0] ?? "")),
  };
}

describe("a server that was cut off", () => {
  test("gives its members their training back, whatever a newcomer has begun; the newcomer joins it", () => {
    const game = cutOff([1, 2, 3]);
    game.begin([4], 20_000);
    const since = game.said.length;
    assert.equal(game.back(1, 650).view, null, "nothing is decided yet: its own view serves it");
    game.pass(2_000);
    assert.deepEqual(game.last().members, ids(4), "one alone ends nothing");
    game.back(2, 660);
    game.pass(1_000);
    game.back(3, 665);
    game.pass(takeoverMs);
    const { fromRound, members, epoch } = game.last();
    assert.deepEqual(members, ids(1, 2, 3));
    assert.ok(fromRound > 665 && fromRound < 665 + 60, `round ${fromRound}`);
    assert.equal(game.toldTo(1, since).length, 1, "their view is the first that they hear of");
    const [end, theirs] = game.toldTo(4, since);
    assert.ok(end?.event === "view" && theirs?.event === "view");
    assert.deepEqual([end.data.members, theirs.data.epoch], [[], epoch]);
    game.report(1, { round: fromRound + 20, cycleMs });
    game.ready(4, fromRound + 20);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.last().members, ids(1, 2, 3, 4));
    assert.ok(
      game.notices().some((text) => /members of a training that went on elsewhere are back/.test(text)),
    );
  });

  test("lets one that comes back alone listen, after a while", () => {
    const game = cutOff([1, 2, 3]);
    game.begin([4], 20_000);
    const since = game.said.length;
    game.back(1, 650);
    game.pass(returnMs - 1_000);
    assert.equal(game.toldTo(1, since).length, 0);
    game.pass(1_000);
    const [over] = game.toldTo(1, since);
    assert.ok(over?.event === "view" && over.data.members.length === 0);
    game.ready(1, 700);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.last().members, ids(4, 1));
    assert.ok(game.last().fromRound < 500);
    // It has had its try.
    game.lose(1);
    game.pass(viewCoalesceMs);
    assert.ok(game.back(1, 720).view);
    game.leave(1);
    game.pass(viewCoalesceMs);
    assert.equal(game.back(2, 720).view, null, "the others have theirs");
  });

  test("tells who was its only member at once that the training is over, and those who are too few", () => {
    const alone = cutOff([1]);
    alone.begin([4], 20_000);
    assert.deepEqual(alone.back(1, 650).told?.members, []);
    const two = cutOff([1, 2]);
    two.begin([4, 5], 20_000);
    assert.deepEqual(two.back(1, 650).told?.members, []);
    assert.deepEqual(two.back(2, 650).told?.members, []);
    two.pass(takeoverMs);
    assert.deepEqual(two.last().members, []);
    assert.equal(two.members(), 2);
  });

  test("believes nobody who was no member, does not prove its id, had said goodbye or was lost before the others", () => {
    const strangers = cutOff([1, 2, 3]);
    strangers.begin([4], 20_000);
    for (const number of [5, 6]) assert.deepEqual(strangers.back(number, 650).told?.members, []);
    for (const number of [1, 2]) assert.deepEqual(strangers.back(number, 650, {}).told?.members, []);

    const game = play({ rounds: 100_000 });
    for (const number of [1, 2, 3, 4]) {
      game.join(number);
      game.ready(number);
    }
    game.pass(100_000);
    for (const number of [1, 2, 3, 4]) game.report(number, { round: 500, cycleMs });
    game.lose(1);
    game.pass(lostTogetherMs + 1_000);
    game.leave(2);
    game.lose(3);
    game.lose(4);
    game.pass(viewCoalesceMs);
    game.join(5);
    game.ready(5);
    game.pass(20_000);
    for (const number of [1, 2]) {
      const answer = game.join(number, { resume: { epoch: 1, round: 600 }, proof });
      assert.ok(answer.ok && answer.view !== null);
    }
  });

  test("keeps a training that has lasted longer than that of several which slept; not one that is younger", () => {
    for (const [lastedMs, isKept] of [
      [30_000, true],
      [200_000, false],
    ] as const) {
      const game = cutOff([1, 2, 3], { lastedMs });
      game.begin([4], 100_000);
      for (const number of [1, 2, 3]) game.back(number, 503);
      game.pass(resumeCoalesceMs + takeoverMs);
      assert.equal(game.members(), isKept ? 1 : 3);
    }
  });

  test("believes for an hour that they have gone on", () => {
    for (const [awayMs, isKept] of [
      [believedMs - 60_000, false],
      [believedMs, true],
    ] as const) {
      const game = cutOff([1, 2, 3]);
      game.begin([4], awayMs);
      for (const number of [1, 2, 3]) game.back(number, 20_000);
      game.pass(resumeCoalesceMs + takeoverMs);
      assert.equal(game.members(), isKept ? 1 : 3);
    }
  });

  test("has members of what was ended listen to what came back, whenever they are here again", () => {
    for (const awayMs of [1_000, returnMs, believedMs]) {
      const game = cutOff([1, 2, 3]);
      game.begin([4, 5], 20_000);
      const { epoch } = game.last();
      game.lose(5);
      game.pass(1_000);
      for (const number of [1, 2, 3]) game.back(number, 660);
      game.pass(awayMs);
      const since = game.said.length;
      game.join(5, { resume: { epoch, round: 120 }, proof });
      const [over] = game.toldTo(5, since);
      assert.ok(over?.event === "view" && over.data.members.length === 0);
      game.pass(takeoverMs);
      assert.equal(game.members(), 3);
      game.ready(5, 1_000);
      game.pass(viewCoalesceMs);
      assert.deepEqual(game.last().members, ids(1, 2, 3, 5));
    }
  });

  test("gives nothing back to members that have had it back, and had then said goodbye", () => {
    const game = cutOff([1, 2, 3]);
    for (const number of [1, 2, 3]) game.back(number, 520);
    game.pass(takeoverMs);
    assert.deepEqual(game.last().members, ids(1, 2, 3));
    for (const number of [1, 2, 3]) game.leave(number);
    game.pass(viewCoalesceMs);
    game.begin([4], 10_000);
    const { epoch } = game.last();
    for (const number of [1, 2]) assert.deepEqual(game.back(number, 700).told?.members, []);
    game.pass(takeoverMs);
    assert.deepEqual([game.last().epoch >= epoch, game.members()], [true, 1]);
  });

  test("knows how long the training has lasted that came back", () => {
    const game = cutOff([1, 2, 3], { lastedMs: 200_000 });
    game.begin([4], 5_000);
    for (const number of [1, 2, 3]) game.back(number, 560);
    game.pass(takeoverMs);
    for (const number of [1, 2, 3]) game.report(number, { round: 1_000, cycleMs });
    for (const number of [1, 2, 3]) game.lose(number);
    game.pass(viewCoalesceMs);
    game.begin([5], 100_000);
    // They slept; what they come to is younger than theirs.
    for (const number of [1, 2, 3]) game.back(number, 1_001);
    game.pass(takeoverMs);
    assert.deepEqual(game.last().members, ids(1, 2, 3));
  });

  test("lets nobody wait who was ready when the newcomer had left", () => {
    const game = cutOff([1, 2, 3]);
    game.begin([4], 20_000);
    game.join(5);
    game.back(1, 650);
    game.leave(4);
    game.pass(viewCoalesceMs);
    game.ready(5);
    const since = game.said.length;
    game.pass(1_000);
    game.lose(1);
    const [end] = game.toldTo(5, since);
    assert.ok(end?.event === "view" && end.data.members.length === 0);
    const known = game.views().filter(({ epoch }) => epoch === end.data.epoch);
    assert.equal(known.length, 1, "an epoch that it knows is not heeded");
    game.ready(5);
    game.pass(takeoverMs);
    assert.deepEqual(game.last().members, ids(5));
  });

  test("goes on with who waits when the newcomer leaves; who pauses or goes meanwhile does not count", () => {
    const game = cutOff([1, 2, 3]);
    game.begin([4], 20_000);
    game.back(1, 650);
    game.leave(4);
    game.pass(takeoverMs);
    assert.deepEqual(game.last().members, ids(1));
    assert.ok(game.last().fromRound > 650);

    const other = cutOff([1, 2, 3]);
    other.begin([4], 20_000);
    other.back(1, 650);
    other.ready(1, 650);
    other.pause(1);
    assert.deepEqual([other.last().members, other.said.at(-1)?.to], [[], ids(1)]);
    other.back(2, 650);
    other.lose(2);
    other.back(3, 650);
    other.pass(returnMs);
    assert.equal(other.members(), 1);
  });
});
