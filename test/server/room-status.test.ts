import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { viewCoalesceMs } from "../../signaling-server/view-spacing.ts";
import { linkReport, peerIdOf } from "./fixture.ts";
import { running } from "./room-play.ts";

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

  test("a report without links leaves them as they were", () => {
    const game = running(1, 2);
    const figures = () => {
      const { sent, peers } = game.room.status();
      const first = peers.find(({ peerId }) => peerId === peerIdOf(1));
      return [sent, first?.links.length, first?.round];
    };
    game.report(1, { round: 3, links: [linkReport(2, 100, 90, 10)] });
    game.report(1, { round: 4, links: undefined });
    assert.deepEqual(figures(), [100, 1, 4]);
    game.leave(1);
    game.join(1);
    game.report(1, { round: 5, links: undefined });
    game.report(1, { round: 6, links: [linkReport(2, 130, 90, 10)] });
    assert.deepEqual(figures(), [130, 1, 6]);
  });

  test("a peer's drop rate is the share of what it was owed", () => {
    const game = running(1, 2);
    game.report(1, { links: [linkReport(2, 1_000, 90, 10)] });
    const [first, second] = game.room.status().peers;
    assert.equal(first?.dropRate, 0.1);
    assert.deepEqual([second?.dropRate, second?.state, second?.member], [null, "lobby", true]);
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

  test("who was waited for has a name: it comes back in time, or it is left out", () => {
    const game = running(1, 2);
    const links = (missed: number, ...numbers: number[]) =>
      numbers.map((number) => ({ ...linkReport(number, 0, 0), missed }));
    const deadlines = () =>
      game.room.status().events.flatMap(({ kind, text }) => (kind === "deadline" ? [text] : []));
    // The server was started again: of 3 and 4 it knows the ids, from who reports.
    game.report(1, { links: links(5, 3, 4) });
    game.pass(1_000);
    assert.deepEqual(deadlines(), []);
    game.join(3);
    game.pass(11_000);
    assert.deepEqual(deadlines(), ["waited in vain: peer 1 for peer 3 in 5 rounds"]);
    game.pass(30_000);
    game.join(4);
    game.report(1, { links: links(6, 3, 4) });
    game.pass(11_000);
    assert.deepEqual(deadlines().slice(1), [
      "waited in vain: peer 1 for peer 3 in 1 round; peer 1 for peer 4 in 1 round",
    ]);
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
});
