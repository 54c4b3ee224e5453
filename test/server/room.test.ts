import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Task } from "../../shared/core/task.ts";
import type { View } from "../../shared/core/view.ts";
import { limits } from "../../shared/net/messages.ts";
import type { JoinRequest, PeerReport } from "../../shared/net/messages.ts";
import { safeRound } from "../../signaling-server/pace.ts";
import {
  createRoomHistory,
  maxDeadlineEvents,
  maxEvents,
  maxPoints,
} from "../../signaling-server/room-history.ts";
import { createRoom } from "../../signaling-server/room.ts";
import type { RoomEffect } from "../../signaling-server/room.ts";
import {
  maxOneWordEpoch,
  restartMs,
  resumeCoalesceMs,
  takeoverMs,
  viewCoalesceMs,
} from "../../signaling-server/views.ts";
import { joinRequest, linkReport, peerIdOf, peerReport, testTask } from "./fixture.ts";

/** A room in virtual time. Peers are numbers; what the room said is kept in order. */
function play(task: Partial<Task> = {}) {
  let nowMs = 0;
  const iceServersFor = () => ["stun:s"];
  const room = createRoom({ name: "room", task: testTask(task), iceServersFor, madeAtMs: 0 });
  const said: RoomEffect[] = [];
  return {
    room,
    said,
    join(number: number, more?: Partial<JoinRequest>) {
      const { answer, effects } = room.join(joinRequest(number, more), nowMs);
      said.push(...effects);
      return answer;
    },
    /** Replicas of one training are alike, unless they are said to be of another one. */
    ready: (number: number, round = 0, training = 1) =>
      said.push(...room.ready(peerIdOf(number), { round, sketch: sketchIn(training, number) }, nowMs)),
    pause: (number: number) => said.push(...room.pause(peerIdOf(number), nowMs)),
    report: (number: number, more: Partial<PeerReport>) =>
      said.push(...room.report(peerIdOf(number), peerReport(more), nowMs)),
    leave: (number: number) => said.push(...room.leave(peerIdOf(number), "goodbye", nowMs)),
    /** Lets time pass, ticking whenever the room wants it and once a second. */
    pass(ms: number) {
      const endMs = nowMs + ms;
      while (nowMs < endMs) {
        const beatMs = (Math.floor(nowMs / 1000) + 1) * 1000;
        nowMs = Math.min(endMs, beatMs, Math.max(nowMs, room.dueMs ?? Infinity));
        said.push(...room.tick(nowMs));
      }
    },
    notices: () => room.status().events.flatMap(({ kind, text }) => (kind === "notice" ? [text] : [])),
    views: (): View[] => said.flatMap((effect) => (effect.event === "view" ? [effect.data] : [])),
  };
}

function running(...numbers: number[]) {
  const game = play();
  for (const number of numbers) {
    game.join(number);
    game.ready(number);
  }
  game.pass(viewCoalesceMs);
  return game;
}

const sketchIn = (training: number, number: number) =>
  Array.from({ length: limits.sketchValues }, (_, at) => Math.sin(training * (at + 1)) + 1e-3 * number);

const ids = (...numbers: number[]) => numbers.map(peerIdOf);

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
      data: { peerId: peerIdOf(2), name: "peer 2", kind: "node" },
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
    [10, 60_000, 500 + 100],
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
    assert.ok(fromRound > 120 && fromRound <= 120 + 45, `round ${fromRound}`);
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
    assert.ok(fromRound > 120 && fromRound <= 120 + 45, `round ${fromRound}`);
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
    game.join(3, { resume: { epoch: 9, round: 500 } });
    game.pass(restartMs);
    assert.ok(game.views().every(({ members }) => members.length > 0));
    assert.deepEqual(game.views().at(-1)?.members, ids(1, 2, 3));
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
    assert.ok(view && view.fromRound > 120 && view.fromRound < 160, `round ${view?.fromRound}`);
    game.ready(1, 900);
    game.pass(viewCoalesceMs);
    assert.deepEqual(game.views().at(-1)?.members, ids(2, 1));
    assert.ok((game.views().at(-1)?.fromRound ?? Infinity) < 200);
  });

  test("what two bring alike goes before a later round that one claims", () => {
    const game = play({ minPeers: 3 });
    for (const number of [1, 2, 3]) game.join(number);
    game.ready(1, 998);
    game.ready(2, 120);
    game.ready(3, 120);
    game.pass(resumeCoalesceMs);
    assert.deepEqual(game.views(), [{ epoch: 1, fromRound: 120, members: ids(2, 3) }]);
    const later = "a later one of peer 1 does not count, nobody else brings it";
    assert.deepEqual(game.notices(), [`training goes on with a model of 120 rounds; ${later}`]);
  });

  test("where no two agree the latest one counts, and that is said", () => {
    const game = play({ minPeers: 3 });
    for (const number of [1, 2, 3]) game.join(number);
    game.ready(1, 100);
    game.ready(2, 140);
    game.ready(3, 120);
    game.pass(resumeCoalesceMs);
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

describe("the snapshot", () => {
  test("a curve has one point per second: the median loss and the mean of the validations", () => {
    const game = running(1, 2, 3);
    const losses = [1, 2, 90];
    for (const [index, loss] of losses.entries()) {
      const validation = { round: 4, loss, accuracy: 0.5 + index / 10 };
      game.report(index + 1, { round: 5, loss, validation, roundMsP50: 10, roundMsP95: 40 });
    }
    game.pass(3_000);
    const { history } = game.room.status();
    assert.deepEqual(
      history.map(({ t }) => t),
      [0, 1, 2, 3],
    );
    const { accuracy, ...point } = history.at(-1) ?? assert.fail("no point");
    assert.deepEqual(point, {
      t: 3,
      round: 5,
      loss: 2,
      validationLoss: 31,
      peers: 3,
      roundMsP50: 10,
      roundMsP95: 40,
    });
    assert.ok(Math.abs((accuracy ?? 0) - 0.6) < 1e-12);
  });

  test("totals never fall: not when a link is redialled, not when a peer leaves or comes back", () => {
    const game = running(1, 2);
    const totals = () => {
      const { sent, received, drops } = game.room.status();
      return [sent, received, drops.lost];
    };
    game.report(1, { links: [linkReport(2, 100, 90, 10)] });
    assert.deepEqual(totals(), [100, 90, 10]);
    game.report(1, { links: [linkReport(2, 7, 5, 2)] });
    assert.deepEqual(totals(), [107, 95, 12]);
    game.leave(1);
    assert.deepEqual(totals(), [107, 95, 12]);
    game.join(1);
    game.report(1, { links: [linkReport(2, 8, 6, 2)] });
    assert.deepEqual(totals(), [108, 96, 12]);
  });

  test("a peer's drop rate is the share of what it was owed", () => {
    const game = running(1, 2);
    game.report(1, { links: [linkReport(2, 1_000, 90, 10)] });
    const [first, second] = game.room.status().peers;
    assert.equal(first?.dropRate, 0.1);
    assert.deepEqual([second?.dropRate, second?.state, second?.member], [null, "lobby", true]);
  });

  test("memory is bounded: an hour of points, older ones thinned; the newest events", () => {
    const history = createRoomHistory();
    const unknown = { loss: null, validationLoss: null, accuracy: null, roundMsP50: null, roundMsP95: null };
    const blank = { round: 0, peers: 1, ...unknown };
    for (let t = 0; t < 20_000; t += 1) {
      history.addPoint({ ...blank, t });
      history.addPoint({ ...blank, t });
      history.addEvent({ t, kind: "notice", text: `${t}` });
      assert.ok(history.points.length <= maxPoints);
    }
    const times = history.points.map(({ t }) => t);
    assert.equal(times[0], 0);
    assert.deepEqual(
      times.slice(-1_800),
      Array.from({ length: 1_800 }, (_, index) => 18_200 + index),
    );
    assert.equal(history.events.length, maxEvents);
    assert.equal(history.events[0]?.t, 20_000 - maxEvents);
  });
});

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

describe("figures of now", () => {
  test("rates are between two reports, lag is behind the newest, the path is the least direct one", () => {
    const game = running(1, 2);
    game.report(1, { round: 20, bytesSent: 1_000, bytesReceived: 0 });
    game.pass(2_000);
    const open = { ...linkReport(1, 1, 1), rttMs: 10, candidateType: "host" } as const;
    const relayed = { ...linkReport(3, 1, 1), rttMs: 50, candidateType: "relay" } as const;
    const closed = { ...linkReport(4, 1, 1), rttMs: 900, state: "closed" } as const;
    game.report(1, { round: 24, bytesSent: 5_000, bytesReceived: 500, links: [open, relayed, closed] });
    game.report(2, { round: 21 });
    const [first, second] = game.room.status().peers;
    assert.deepEqual([first?.upRate, first?.downRate], [2_000, 250]);
    assert.deepEqual([first?.lag, second?.lag], [0, 3]);
    assert.deepEqual([first?.rttMs, first?.candidateType], [30, "relay"]);
    assert.deepEqual([second?.rttMs, second?.candidateType], [null, null]);
    game.report(1, { round: 25, bytesSent: 5_100 });
    assert.equal(game.room.status().peers[0]?.upRate, 2_000, "two reports at once make no rate");
  });

  test("rounds per minute are those of the last minute, and of this training", () => {
    const game = running(1);
    for (let round = 0; round < 200; round += 1) {
      game.report(1, { round });
      game.pass(1_000);
    }
    assert.ok(Math.abs(game.room.status().roundsPerMinute - 60) < 2);
    game.pass(120_000);
    assert.equal(game.room.status().roundsPerMinute, 0);
  });

  test("views say who came and went, deadlines who waited for whom, together and not too often", () => {
    const game = running(1, 2, 3);
    const waited = (missed: number) => game.report(1, { links: [{ ...linkReport(2, 0, 0), missed }] });
    for (let missed = 1; missed <= 30; missed += 1) {
      waited(missed);
      game.pass(1_000);
    }
    game.leave(3);
    game.pass(viewCoalesceMs);
    const { events } = game.room.status();
    const texts = (kind: string) => events.flatMap((event) => (event.kind === kind ? [event.text] : []));
    const [first, second] = texts("view");
    assert.equal(first, "view 1 from round 0: 3 members (+ peer 1, + peer 2, + peer 3)");
    assert.match(second ?? "", /^view 2 from round \d+: 2 members \(− peer 3\)$/);
    const deadlines = texts("deadline");
    assert.ok(deadlines.length >= 3 && deadlines.length <= 4, deadlines.join());
    assert.match(deadlines[1] ?? "", /^waited in vain: peer 1 for peer 2 in \d+ rounds$/);
    assert.deepEqual(texts("joined")[0], "peer 1 joined (node, cpu)");
    assert.deepEqual(texts("left"), ["peer 3 left: goodbye"]);
  });

  test("who is muted by whom is told with the reason, together and not too often", () => {
    const game = running(1, 2, 3);
    for (let turn = 0; turn < 30; turn += 1) {
      const muted = turn % 2 === 0 ? { muted: "notFinite" as const, offences: { notFinite: 33 } } : {};
      for (const peer of [1, 3]) game.report(peer, { links: [{ ...linkReport(2, 0, 0), ...muted }] });
      game.pass(1_000);
    }
    const { events } = game.room.status();
    const told = events.filter(({ text }) => text.startsWith("muted for "));
    assert.equal(told[0]?.text, "muted for values that are not finite: peer 2 by peer 1; peer 2 by peer 3");
    assert.ok(told.length >= 2 && told.length <= 4, `${told.length} events`);
  });

  test("deadlines never push out who came and went", () => {
    const history = createRoomHistory();
    history.addEvent({ t: 0, kind: "joined", text: "first" });
    for (let t = 1; t < 1_000; t += 1) history.addEvent({ t, kind: "deadline", text: "late" });
    assert.equal(history.events.length, 1 + maxDeadlineEvents);
    assert.equal(history.events[0]?.text, "first");
    assert.equal(history.events.at(-1)?.t, 999);
  });
});
