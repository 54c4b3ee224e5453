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
      const said = Array.from({ length: 8 }, () => (thin.next(reportOf(links)).links ? "x" : "-"));
      assert.equal(said.join(""), expected, `${links} links`);
    }
  });

  test("have them at once when a link changes, and for a server that knows nothing", () => {
    const thin = createThinReports();
    const has = (report = reportOf(31)) => thin.next(report).links !== undefined;
    assert.deepEqual([has(), has()], [true, false]);
    assert.deepEqual(
      [has(reportOf(31, { state: "closed" })), has(reportOf(31, { state: "closed" }))],
      [true, false],
    );
    assert.deepEqual(
      [has(reportOf(31, { muted: "owner" })), has(reportOf(31, { muted: "owner" }))],
      [true, false],
    );
    thin.forget();
    assert.equal(has(reportOf(31, { muted: "owner" })), true);
  });
});
