/**
 * A real web service beside real learning on the same links: classes steer, the web gains from being preferred,
 * and learning ends as good although it pays.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "../../bench/paper/figures/all.ts";
import { needsLinkClasses } from "../needs.ts";

/** One of ten digits. */
const chance = 0.1;

test(
  "a web service that is preferred is faster, and learning beside it as good",
  {
    skip: needsLinkClasses(),
  },
  async (t) => {
    const { signal } = new AbortController();
    const { rows } = (
      await figures["web-lab"].make({
        size: "test",
        signal,
        say: (line) => t.diagnostic(line),
        keep: ({ make }) => make(),
        train: () => Promise.resolve([]),
      })
    ).figures;
    const [alike, preferred] = rows;
    const [before] = alike?.runs ?? [];
    const [after] = preferred?.runs ?? [];
    assert.ok(alike && preferred && before && after);

    await t.test("without classes both kinds pass through one, with classes each through its own", () => {
      assert.equal(before.web.bytes, 0);
      assert.ok(after.web.bytes > 100_000 * after.web.messages, `${after.web.bytes} bytes`);
      assert.ok(after.learned.bytes > 0);
      // Learning sends 1.1 MB a round, and there are sixteen.
      assert.ok(before.learned.bytes > 100_000 * before.web.messages + 14e6, `${before.learned.bytes} bytes`);
    });
    await t.test("no message fails", () => {
      for (const { web } of [before, after]) {
        assert.ok(web.messages > 30, `${web.messages} messages`);
        assert.equal(web.failed, 0);
      }
    });
    await t.test("the web's mean completion is shorter", () => {
      assert.ok(preferred.speedUp > 1.1, `${preferred.speedUp} times as fast`);
    });
    await t.test("learning loses more packets and ends as good", () => {
      assert.ok(preferred.lost > alike.lost, `${preferred.lost}, ${alike.lost} without priority`);
      // After sixteen rounds a single one that was lost, which has no seed, is worth less than a twentieth of what
      // was learned; after eight it was worth more than that in one run of ten.
      const learned = alike.accuracy - chance;
      assert.ok(
        alike.accuracy - preferred.accuracy < 0.05 * learned,
        `${preferred.accuracy}, ${alike.accuracy} without`,
      );
    });
  },
);
