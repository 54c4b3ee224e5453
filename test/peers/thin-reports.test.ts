import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createThinReports } from "../../shared/net/thin-reports.ts";
import { linkReport, peerReport } from "../server/fixture.ts";

/** Of a peer with so many links. */
function reportOf(links: number, change: Partial<ReturnType<typeof linkReport>> = {}) {
  const all = Array.from({ length: links }, (_, at) => ({
    ...linkReport(at, 1, 1),
    ...(at === 0 && change),
  }));
  return { ...peerReport(), links: all };
}

describe("thin reports", () => {
  test("have their links every time where they are few, every fourth time in a full room", () => {
    for (const [links, expected] of [
      [0, "xxxxxxxx"],
      [8, "xxxxxxxx"],
      [9, "x-x-x-x-"],
      [31, "x---x---"],
    ] as const) {
      const thin = createThinReports();
      const said = Array.from({ length: 8 }, (_, second) =>
        thin.next(reportOf(links), 1_000 * second)?.links ? "x" : "-",
      );
      assert.equal(said.join(""), expected, `${links} links`);
    }
  });

  test("have them at once when a link changes", () => {
    const thin = createThinReports();
    let nowMs = 0;
    const has = (report = reportOf(31)) => thin.next(report, (nowMs += 1_000))?.links !== undefined;
    assert.deepEqual([has(), has()], [true, false]);
    assert.deepEqual(
      [has(reportOf(31, { state: "closed" })), has(reportOf(31, { state: "closed" }))],
      [true, false],
    );
    assert.deepEqual(
      [has(reportOf(31, { muted: "owner" })), has(reportOf(31, { muted: "owner" }))],
      [true, false],
    );
  });

  /** "x" for each of so many seconds in which something was said; timers are up to 200 ms late. */
  const said = (thin: ReturnType<typeof createThinReports>, seconds: number, from = 0) =>
    Array.from({ length: seconds }, (_, second) =>
      thin.next(reportOf(3), 1_000 * (from + second) + 200 * Math.sin(second)) ? "x" : "-",
    ).join("");

  test("come as often as the server asks, with timers that are late", () => {
    const thin = createThinReports();
    assert.equal(said(thin, 4), "xxxx");
    thin.pace(3_000);
    assert.equal(said(thin, 9, 4), "--x--x--x");
    thin.pace(1_000);
    assert.equal(said(thin, 3, 13), "xxx");
  });

  test("of who is let in again by a server with many peers are not due at once, but where it says nothing", () => {
    const thin = createThinReports();
    assert.equal(said(thin, 2), "xx");
    thin.welcomed(4_000, 60_000);
    assert.equal(said(thin, 6, 60), "----x-");
    thin.welcomed(undefined, 90_000);
    assert.equal(said(thin, 3, 90), "xxx");
    const newcomer = createThinReports();
    newcomer.welcomed(4_000, 0);
    assert.equal(said(newcomer, 6), "x---x-");
  });

  test("have their links with the second one after joining again", () => {
    const thin = createThinReports();
    const links = (second: number) => (thin.next(reportOf(31), 1_000 * second)?.links ? "x" : "-");
    assert.equal([0, 1].map(links).join(""), "x-");
    thin.welcomed(1_000, 2_000);
    assert.equal([2, 3, 4, 5, 6, 7].map(links).join(""), "-x---x");
  });

  test("come at once when rounds take a quarter longer, or when that is known for the first time", () => {
    const thin = createThinReports();
    thin.pace(8_000);
    const says = (cycleMs: number | undefined, second: number) =>
      thin.next({ ...reportOf(3), cycleMs }, 1_000 * second) !== undefined;
    const paces = [undefined, 100, 124, 126, 101, 100].map(says);
    assert.deepEqual(paces, [true, true, false, true, false, true]);
  });

  test("have sketches of rounds that others' have as well, however seldom they come", () => {
    const sketchOf = (round: number) => ({ round, values: [] });
    // Rounds of a second, a sketch in every second one; two peers that report at other times.
    const rounds = [1, 5].map((phase) => {
      const thin = createThinReports();
      thin.pace(8_000);
      return Array.from({ length: 100 }, (_, second) => {
        if (second < phase) return undefined;
        const report = { ...reportOf(3), cycleMs: 1_000, sketch: sketchOf(second - (second % 2)) };
        return thin.next(report, 1_000 * second)?.sketch?.round;
      });
    });
    const [first, second] = rounds.map((each) => new Set(each.filter((round) => round !== undefined)));
    assert.deepEqual([...(first ?? [])], [0, 16, 32, 48, 64, 80, 96].slice(0, first?.size));
    assert.ok((second?.size ?? 0) >= 5 && [...(second ?? [])].every((round) => first?.has(round)));
  });

  test("come at once when the peer's own state is another one", () => {
    const thin = createThinReports();
    thin.pace(8_000);
    const says = (state: "training" | "paused", nowMs: number) =>
      thin.next({ ...reportOf(3), state }, nowMs) !== undefined;
    assert.deepEqual(
      [says("training", 0), says("training", 1_000), says("paused", 1_100), says("paused", 2_000)],
      [true, false, true, false],
    );
  });

  test("neither stop nor flood, whatever a server asks", () => {
    for (const [asked, expected] of [
      [Infinity, "xxxxxxxxxx"],
      [Number.NaN, "xxxxxxxxxx"],
      ["8000", "xxxxxxxxxx"],
      [undefined, "xxxxxxxxxx"],
      [-5, "xxxxxxxxxx"],
      [1e12, "x-------x-"],
    ] as const) {
      const thin = createThinReports();
      thin.pace(asked);
      assert.equal(said(thin, 10), expected, String(asked));
    }
  });
});
