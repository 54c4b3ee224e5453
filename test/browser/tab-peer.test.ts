/** The tab's peer outside of a tab: how it ends, whatever happens to it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ended } from "../../peer-browser/worker/tab-end.ts";
import { startTabPeer } from "../../peer-browser/worker/tab-peer.ts";
import type { TabNews } from "../../peer-browser/tab-messages.ts";
import { within } from "../labs/real-time.ts";

test("a mistake of ours ends the run with a sentence: nobody hears a rejection in a worker", async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const start = {
    type: "start",
    get server(): string {
      throw new Error("no such thing");
    },
    room: "room",
    name: "tab",
    power: "full",
    processor: "automatic",
    links: port2,
  } as const;
  const news = new Promise<TabNews>((resolve) => startTabPeer(start, resolve));
  assert.deepEqual(await within(2_000, "the end", news), {
    type: "ended",
    outcome: "failed",
    reason: "The part of this page that trains broke down: no such thing.",
    accuracy: null,
    mayPass: true,
  });
});

test("who is refused because the run has ended was not kept out", () => {
  const refused = (code: "finished" | "full" | "room") =>
    ended({ kind: "refused", refusal: { ok: false, code, reason: "the run has ended after 9 rounds" } });
  assert.deepEqual([refused("full").outcome, refused("full").mayPass], ["refused", true]);
  assert.deepEqual([refused("room").outcome, refused("room").mayPass], ["refused", false]);
  assert.deepEqual(refused("finished"), {
    type: "ended",
    outcome: "over",
    reason: "The run has ended after 9 rounds.",
    accuracy: null,
    mayPass: false,
  });
});
