/** What the link suite does not see: how a tab's links are made, and what becomes of them when a thread dies. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cleanup, createNodeDatachannelLink } from "../../peer-node/node-datachannel-link.ts";
import { withLanes } from "../../shared/net/lanes.ts";
import { connectPair, createEnd } from "../labs/link-pair.ts";
import { pause, within } from "../labs/real-time.ts";
import { openChromiumLinks } from "../link/chromium-links.ts";
import type { ChromiumLinks, Tab } from "../link/chromium-links.ts";
import { checkNumbered, countArrivals, numbered } from "../link/traffic.ts";
import { needsChromium } from "../needs.ts";

/** For what surely comes: a tab may not run for seconds. */
const turnMs = 25;
const turns = 20_000 / turnMs;

describe("links of a tab", { skip: needsChromium() }, () => {
  let chromium: ChromiumLinks;
  let tab: Tab;
  let forwarding: Tab;
  before(async () => {
    chromium = await openChromiumLinks(["transfer", "forwarding"]);
    [tab, forwarding] = [tabOf(chromium, 0), tabOf(chromium, 1)];
  });
  after(async () => {
    cleanup();
    await chromium?.close();
  });

  test("channels are transferred to the worker; told not to, the page forwards", async () => {
    // Node makes the offer: in the link suite Chromium does.
    for (const [each, isForwarding] of [
      [tab, false],
      [forwarding, true],
    ] as const) {
      assert.equal(await each.page.evaluate("links.isForwarding"), isForwarding || null);
      const pair = await connectPair(createNodeDatachannelLink, each.createLink);
      assert.equal(await each.page.evaluate("links.isForwarding"), isForwarding);
      assert.equal(await connections(each), 1);
      await pair.close();
      await untilNone(each);
    }
  });

  test("a link that widens gets more lanes in a tab, too, and all end together", async () => {
    const createLink = withLanes(createNodeDatachannelLink);
    const { a, b, close } = await connectPair(withLanes(tab.createLink), createLink);
    a.link.widen?.();
    for (let turn = 0; (a.link.lanes ?? 0) < 2 && turn < turns; turn++) await pause(turnMs);
    assert.equal(await connections(tab), 2);
    const arrivals = countArrivals(8, 5_000);
    b.on.bytes = (_channel, bytes) => arrivals.add(checkNumbered(bytes));
    for (let number = 0; number < 8; number++) a.link.send("fragments", numbered(number, 1_000));
    await arrivals.settled();
    assert.equal(arrivals.numbers.size, 8);
    await close();
    await untilNone(tab);
  });

  test("an ICE server that makes no sense: the link closes with a reason, and nothing is thrown", async () => {
    const { createLink } = tab;
    const { closed } = createEnd(
      (given) => createLink({ ...given, iceServers: ["nonsense"] }),
      true,
      () => {},
    );
    assert.match(await within(5_000, "the end", closed), /^no connection: /);
    await untilNone(tab);
  });

  test("when the worker is dead the page can end its links, and the other side hears it", async () => {
    const own = await openChromiumLinks(["transfer"]);
    try {
      const it = tabOf(own, 0);
      const { b } = await connectPair(it.createLink, createNodeDatachannelLink);
      await it.page.evaluate("worker.terminate()");
      await it.page.evaluate("links.close()");
      assert.equal(await connections(it), 0);
      // It was told: without a word WebRTC takes up to half a minute, and then says that it has failed.
      assert.equal(await within(30_000, "the other side's end", b.closed), "remote closed");
      assert.deepEqual(it.faults, []);
    } finally {
      await own.close();
    }
  });

  test("neither page has said or asked for anything it should not", () => {
    assert.deepEqual([...tab.faults, ...forwarding.faults], []);
  });
});

function tabOf({ tabs }: ChromiumLinks, index: number): Tab {
  const tab = tabs[index];
  assert.ok(tab);
  return tab;
}

const connections = (tab: Tab) => tab.page.evaluate("links.connections");

async function untilNone(tab: Tab): Promise<void> {
  for (let turn = 0; (await connections(tab)) !== 0 && turn < turns; turn++) await pause(turnMs);
  assert.equal(await connections(tab), 0);
}
