import assert from "node:assert/strict";
import { test } from "node:test";
import { noDrops } from "../../shared/core/drops.ts";
import type { HistoryPoint } from "../../shared/net/status.ts";
import { curvePoints } from "../../signaling-server/page/curve-points.ts";
import {
  cellText,
  linkMatrix,
  linkSummary,
  sentShares,
  stepOf,
} from "../../signaling-server/page/link-figures.ts";
import { stagedStatus } from "../browser/staged-status.ts";

function points(...seconds: readonly number[]): HistoryPoint[] {
  return seconds.map((t) => ({
    t,
    round: t,
    loss: 1,
    validationLoss: 1,
    accuracy: 0.5,
    peers: 2,
    roundMsP50: 10,
    roundMsP95: t % 7 === 0 ? 90 : 20,
  }));
}
const upTo = (count: number) => Array.from({ length: count }, (_, t) => t);

test("a short run is drawn point by point", () => {
  const history = points(...upTo(300));
  assert.deepEqual(curvePoints(history), history);
  assert.deepEqual(curvePoints([]), []);
});

test("of a long run the last hour is drawn, in at most 600 points, slow rounds kept", () => {
  const drawn = curvePoints(points(...upTo(10_000)));
  assert.ok(drawn.length > 400 && drawn.length <= 600, `${drawn.length} points`);
  assert.ok((drawn[0]?.t ?? 0) >= 10_000 - 3_601);
  assert.equal(drawn.at(-1)?.t, 9_999);
  assert.ok(drawn.slice(1).every(({ roundMsP95 }) => roundMsP95 === 90));
});

test("points stay where they are when a second has passed", () => {
  const before = curvePoints(points(...upTo(8_000)));
  const after = new Set(curvePoints(points(...upTo(8_001))).map(({ t }) => t));
  const moved = before.slice(1, -1).filter(({ t }) => !after.has(t));
  assert.deepEqual(moved, []);
});

test("where nobody trained there is a hole in the curve", () => {
  const drawn = curvePoints(points(1, 2, 3, 100, 101));
  assert.deepEqual(
    drawn.map(({ t, loss }) => [t, loss]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
      [4, null],
      [100, 1],
      [101, 1],
    ],
  );
});

test("an hour of comings and goings is still at most 600 points", () => {
  const flickering = upTo(3_600).filter((t) => t % 40 < 20);
  assert.ok(curvePoints(points(...flickering)).length <= 600);
});

test("a cell is what the receiver did not count of what the sender owed it", () => {
  const [room] = stagedStatus([{ name: "room", peers: 8, seconds: 3_000 }], 0).rooms;
  const link = linkMatrix(room?.peers ?? [])[1]?.[3];
  assert.equal(link?.sender.name, "workshop-gpu");
  assert.equal(link?.receiver.name, "library-3");
  assert.ok(Math.abs((link?.share ?? 0) - 0.31) < 0.01);
  assert.equal(linkMatrix(room?.peers ?? [])[2]?.[2], null);
});

test("a row of the matrix in one figure: who sends badly stands out, not who gets it", () => {
  const [room] = stagedStatus([{ name: "room", peers: 3, seconds: 3_000 }], 0).rooms;
  const peers = (room?.peers ?? []).map((peer) => ({
    ...peer,
    // Of the fragments of peer 1 half get lost, with everybody, and of the others' none.
    links: peer.links.map((link) => {
      const isBad = link.peerId === room?.peers[1]?.peerId;
      return { ...link, received: isBad ? 50 : 100, drops: { ...noDrops(), lost: isBad ? 50 : 0 } };
    }),
  }));
  assert.deepEqual([...sentShares(peers).values()], [0, 0.5, 0]);
  assert.deepEqual(
    [...sentShares(peers.map((peer) => ({ ...peer, links: [] }))).values()],
    [null, null, null],
  );
});

test("the worst links come first, and the quantiles are in order", () => {
  const [room] = stagedStatus([{ name: "room", peers: 40, seconds: 3_000 }], 0).rooms;
  const summary = linkSummary(room?.peers ?? [], 5);
  assert.equal(summary?.count, 40 * 39);
  assert.equal(summary.worst.length, 5);
  assert.equal(summary.worst[0]?.share, summary.quantiles.most);
  const { p50, p90, p99, most } = summary.quantiles;
  assert.deepEqual(
    [p50, p90, p99, most].toSorted((a, b) => a - b),
    [p50, p90, p99, most],
  );
  assert.equal(linkSummary([], 5), null);
});

test("a cell's text is short and its colour follows the legend", () => {
  const shares = [0, 0.0004, 0.004, 0.025, 0.0999, 0.314, 1];
  assert.deepEqual(shares.map(cellText), ["0", "0", "0.4", "2.5", "10", "31", "100"]);
  assert.deepEqual(shares.map(stepOf), [0, 0, 1, 2, 3, 5, 5]);
  assert.equal(cellText(null), "");
});
