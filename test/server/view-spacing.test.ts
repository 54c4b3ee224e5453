import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  createViewSpacing,
  quietMs,
  spacingMs,
  viewCoalesceMs,
} from "../../signaling-server/view-spacing.ts";
import { ids, running } from "./room-play.ts";

/** Newcomers, one each `everyMs`. @returns when each got the view that has it */
function crowd(everyMs: number, count: number): number[] {
  const spacing = createViewSpacing();
  const waits: number[] = [];
  let waiting: number[] = [];
  let dueMs = Infinity;
  for (let nowMs = 0; waits.length < count; nowMs += 10) {
    if (nowMs >= dueMs) {
      waits.push(...waiting.map((sinceMs) => nowMs - sinceMs));
      [waiting, dueMs] = [[], Infinity];
      spacing.made(nowMs);
    }
    if (nowMs % everyMs === 0 && nowMs / everyMs < count) {
      waiting.push(nowMs);
      dueMs = spacing.changed(false, nowMs);
    }
  }
  return waits;
}

describe("views that add members", () => {
  test("of few, or of many at long intervals, come after 300 ms", () => {
    assert.deepEqual(new Set([...crowd(500, 4), ...crowd(5_000, 20)]), new Set([viewCoalesceMs]));
  });

  test("of a crowd are shared: nobody waits longer than four seconds, the last one second", () => {
    const waits = crowd(500, 39);
    assert.ok(Math.max(...waits) <= spacingMs, String(waits));
    assert.equal(waits.at(-1), quietMs);
    // 39 newcomers in twenty seconds.
    const views = waits.filter((wait, at) => wait >= (waits[at - 1] ?? 0)).length;
    assert.ok(views < 12, `${views} views`);
  });

  test("are put off no further by who comes and goes", () => {
    const spacing = createViewSpacing();
    for (let made = 0; made < 6; made += 1) spacing.made(0);
    const due = Array.from({ length: 20 }, (_, at) => spacing.changed(false, 250 * at));
    assert.ok(Math.max(...due) <= spacingMs, String(due));
  });
});

test("a view without a member that has gone is never put off", () => {
  const game = running(1, 2);
  for (let number = 3; number < 12; number += 1) {
    game.join(number);
    game.ready(number);
    game.pass(viewCoalesceMs);
  }
  assert.ok(game.views().at(-1)?.members.length !== 11, "the crowd waits");
  const before = game.views().length;
  game.leave(1);
  game.pass(viewCoalesceMs);
  assert.equal(game.views().length, before + 1);
  assert.deepEqual(game.views().at(-1)?.members, ids(2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
});
