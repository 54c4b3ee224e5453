import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { quantile } from "../../shared/simulation/figures.ts";
import { noAnswer } from "../../signaling-server/endings.ts";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { builtInTasks } from "../../shared/training/built-in-tasks.ts";
import { parseTask } from "../../shared/core/task.ts";
import type { Task } from "../../shared/core/task.ts";
import { watchLateness } from "../labs/lateness.ts";
import { endOf } from "../labs/peer-events.ts";
import { pause } from "../labs/real-time.ts";
import { proxySite, startTraining } from "../labs/training-run.ts";
import { needsChromium } from "../needs.ts";
import { startServer, testTask } from "../server/fixture.ts";
import { launchChromium, openPage } from "./chromium.ts";
import { joinWithHideableTab, withThrottling } from "./hideable-tab.ts";
import { bundled, joinWithTab, longestOwnGap, pageThreadMs, roundTimesMs } from "./real-tab.ts";

/**
 * Two contexts do not hear each other's `.local` names; and a worker whose script a test hands in has no
 * address of its own, so that Chromium would keep it from the local server. One switch: the last one counts.
 */
const args = [
  "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
];

const skip = needsChromium();
const ends: (() => Promise<void> | void)[] = [];
let browser: Browser;

before(async () => {
  if (skip === false) browser = await launchChromium({ after: (end) => ends.push(end) }, { args });
});
after(async () => {
  for (const end of ends) await end();
});

const runMs = 90_000;

/** Everybody begins and ends together, as soon as all four are there. */
const shortTask: Task = parseTask({ ...builtInTasks["glyphs-cnn"], rounds: 100, minPeers: 4 });

async function trainTogether(t: TestContext, drop: number): Promise<void> {
  const run = await startTraining(proxySite(drop), shortTask, 2);
  t.after(() => run.close());
  const options =
    drop === 0 ? {} : { peerWorker: await bundled("lossy-peer-worker.ts", { LOSS: String(drop) }) };
  const address = `${run.url}/join/main`;
  const tabs = await Promise.all([1, 2].map(() => joinWithTab(browser, address, options)));
  t.after(() => Promise.all(tabs.map(({ page }) => page.context().close())));

  const ofTabs = await Promise.all(tabs.map((tab) => tab.finished(runMs)));
  await run.until("the programs' end", () => run.peers.every(({ events }) => endOf(events)), runMs);
  const programs = run.peers.map(({ events }) => endOf(events));
  const accuracies = [...ofTabs, ...programs.map((end) => end?.validation?.accuracy ?? 0)];
  const shown = accuracies.map((value) => value.toFixed(3)).join(", ");
  t.diagnostic(`accuracies of two tabs and two programs: ${shown}`);
  assert.ok(Math.min(...accuracies) > 0.95, shown);
  assert.ok(Math.max(...accuracies) - Math.min(...accuracies) <= 0.01, shown);
  for (const end of programs) {
    const lost = end ? end.drops.lost / (end.received + end.drops.lost) : 0;
    t.diagnostic(`of what a program was owed ${(lost * 100).toFixed(1)} % was lost`);
    if (drop > 0) assert.ok(lost > drop / 2, `${lost}`);
  }
  assert.deepEqual(
    tabs.flatMap(({ faults }) => faults),
    [],
  );
}

describe("tabs and programs", { skip }, () => {
  test("two tabs and two programs train one model together and end within a point", (t) =>
    trainTogether(t, 0));

  test("the same when every tenth packet is lost", (t) => trainTogether(t, 0.1));
});

describe("tabs in a room", { skip }, () => {
  const members = (server: SignalingServer) =>
    server.status().rooms[0]?.peers.filter(({ member }) => member).length ?? 0;

  const roundOf = (server: SignalingServer) => server.status().rooms[0]?.round ?? 0;

  /** Why who has left did so, in the order in which they left. */
  const causes = (server: SignalingServer) =>
    (server.status().rooms[0]?.events ?? []).flatMap(({ kind, text }) =>
      kind === "left" ? text.replace(/^.* left: /, "") : [],
    );

  async function until(
    what: string,
    isTrue: () => boolean | Promise<boolean>,
    limitMs: number,
  ): Promise<number> {
    const startMs = performance.now();
    while (!(await isTrue())) {
      assert.ok(performance.now() - startMs < limitMs, `${what}: not after ${limitMs} ms`);
      await pause(20);
    }
    return performance.now() - startMs;
  }

  test("a tab that is closed is out of the view within 2 s, one that crashes within 12 s", async (t) => {
    const lateness = watchLateness(t);
    const server = await startServer(t, { tasks: { room: testTask({ rounds: 100_000, minPeers: 3 }) } });
    const address = `${server.url}/join/room`;
    const tabs = await Promise.all([1, 2, 3].map(() => joinWithTab(browser, address, { power: "light" })));
    t.after(() => Promise.all(tabs.map(({ page }) => page.context().close())));
    const [stays, closes, crashes] = tabs;
    assert.ok(stays && closes && crashes);
    await until("three members", () => members(server) === 3, 20_000);

    void closes.page.close();
    const closedMs = await until("the closed tab is gone", () => members(server) === 2, 15_000);
    // Its socket tells: however busy the machine is, nobody has to wait for its pings.
    assert.equal(causes(server).length, 1);
    assert.notEqual(causes(server)[0], noAnswer);
    assert.ok(closedMs <= 2_000 + lateness(), `${closedMs} ms, ${lateness()} late`);
    const crash = crashes.page.waitForEvent("crash", { timeout: 30_000 });
    void crashes.page.goto("chrome://crash").catch(() => undefined);
    await crash;
    const crashedMs = await until("the crashed tab is gone", () => members(server) === 1, 30_000);
    t.diagnostic(`closed: ${closedMs.toFixed(0)} ms, crashed: ${crashedMs.toFixed(0)} ms`);
    t.diagnostic(`in the server's words: ${causes(server).join(", ")}`);
    assert.ok(crashedMs <= 12_000 + lateness(), `${crashedMs} ms, ${lateness()} late`);
    assert.deepEqual(stays.faults, []);
  });

  test("pause takes a tab out of the view, resume brings it back, stop ends it", async (t) => {
    const lateness = watchLateness(t);
    const server = await startServer(t, { tasks: { room: testTask({ rounds: 100_000, minPeers: 2 }) } });
    const address = `${server.url}/join/room`;
    const tabs = await Promise.all([1, 2].map(() => joinWithTab(browser, address, { power: "light" })));
    t.after(() => Promise.all(tabs.map(({ page }) => page.context().close())));
    const [tab] = tabs;
    assert.ok(tab);
    await until("two members", () => members(server) === 2, 20_000);
    await tab.page.getByRole("button", { name: "Pause" }).click();
    await until("one member", () => members(server) === 1, 5_000);
    await tab.page.getByRole("heading", { name: "Paused" }).waitFor();
    await tab.page.getByRole("button", { name: "Resume" }).click();
    await until("two members again", () => members(server) === 2, 10_000);
    await tab.page.getByRole("button", { name: "Stop" }).click();
    await tab.page.getByRole("heading", { name: "You have left" }).waitFor();
    const leftMs = await until("it has left", () => server.status().rooms[0]?.peers.length === 1, 15_000);
    assert.ok(leftMs <= 2_000 + lateness(), `${leftMs} ms, ${lateness()} late`);
    assert.deepEqual(causes(server), ["goodbye"]);
    assert.deepEqual(tab.faults, []);
  });

  test("pause pressed before the server has answered keeps a tab out until it resumes", async (t) => {
    const server = await startServer(t, { tasks: { room: testTask({ rounds: 100_000 }) } });
    const { page, faults } = await openPage(browser, `${server.url}/join/room`);
    t.after(() => page.context().close());
    await page.getByRole("button", { name: "Join", exact: true }).waitFor();
    // Within the task that starts the worker: long before its socket is up.
    await page.evaluate(`new MutationObserver((_, observer) => {
      observer.disconnect();
      setTimeout(() => document.querySelector("#pause").click());
    }).observe(document.querySelector("#run"), { attributeFilter: ["hidden"] });
    document.querySelector("#join").click()`);
    await page.getByRole("heading", { name: "Paused" }).waitFor();
    await until("it is paused", () => server.status().rooms[0]?.peers[0]?.state === "paused", 5_000);
    // Long enough for one that is not paused to become a member.
    await pause(1_000);
    assert.equal(members(server), 0);
    await page.getByRole("button", { name: "Resume" }).click();
    await until("one member", () => members(server) === 1, 5_000);
    assert.deepEqual(faults, []);
  });

  test("a hidden tab does not slow the others", async (t) => {
    const without = withThrottling;
    const own = await launchChromium({ after: (end) => t.after(end) }, { args, without });
    const server = await startServer(t, { tasks: { room: testTask({ rounds: 100_000, minPeers: 2 }) } });
    const address = `${server.url}/join/room`;
    const hideable = await joinWithHideableTab(own, address);
    const other = await joinWithTab(own, address, { power: "light" });
    await until("both train", () => members(server) === 2 && roundOf(server) > 5, 20_000);

    const timesMs = { visible: [] as number[], hidden: [] as number[] };
    // In turns, and the median second of each: what else a machine does must not count as the tab's doing.
    for (let turn = 0; turn < 8; turn++) {
      const state = turn % 2 === 0 ? "visible" : "hidden";
      await (state === "visible" ? hideable.show() : hideable.hide());
      const isSo = async () => (await hideable.evaluate("document.visibilityState")) === state;
      await until(`it is ${state}`, isSo, 10_000);
      timesMs[state].push(...(await roundTimesMs(other.page, 2)));
    }
    const [visible, hidden] = [quantile(timesMs.visible, 0.5), quantile(timesMs.hidden, 0.5)];
    t.diagnostic(`a round takes ${visible.toFixed(1)} ms beside a visible tab, ${hidden.toFixed(1)} hidden`);
    assert.ok(hidden / visible <= 1.2);
    assert.equal(members(server), 2);
  });

  test("the page never waits 100 ms while its tab trains", async (t) => {
    const task = parseTask({ ...builtInTasks["glyphs-cnn"], rounds: 100_000 });
    const server = await startServer(t, { tasks: { room: task } });
    const tab = await joinWithTab(browser, `${server.url}/join/room`);
    t.after(() => tab.page.context().close());
    // Somebody to exchange packets with.
    const other = await joinWithTab(browser, `${server.url}/join/room`, { power: "light" });
    t.after(() => other.page.context().close());
    await until("both train", () => members(server) === 2 && roundOf(server) > 5, 20_000);
    // A busy machine can keep any thread waiting: the yardsticks are an idle page and the run's pauses.
    const idle = await browser.newPage();
    t.after(() => idle.close());
    const gaps = { training: [] as number[], paused: [] as number[] };
    const processorMs = await pageThreadMs(tab.page);
    let [busyMs, trainedMs] = [0, 0];
    for (let window = 0; window < 6; window++) {
      const from = { atMs: performance.now(), busyMs: await processorMs() };
      gaps.training.push(await longestOwnGap(tab.page, idle, 750));
      busyMs += (await processorMs()) - from.busyMs;
      trainedMs += performance.now() - from.atMs;
      await tab.page.getByRole("button", { name: "Pause" }).click();
      await until("it is paused", () => members(server) === 1, 10_000);
      gaps.paused.push(await longestOwnGap(tab.page, idle, 750));
      await tab.page.getByRole("button", { name: "Resume" }).click();
      await until("it trains again", () => members(server) === 2, 20_000);
    }
    const share = busyMs / trainedMs;
    const shown = (some: readonly number[]) => some.map((gap) => gap.toFixed(0)).join(", ");
    t.diagnostic(
      `longest gaps: ${shown(gaps.training)} ms, paused ${shown(gaps.paused)} ms; processor ${share.toFixed(3)}`,
    );
    const bar = Math.max(100, 1.5 * quantile(gaps.paused, 0.5));
    assert.ok(quantile(gaps.training, 0.5) <= bar, `the median is at most ${bar.toFixed(0)} ms`);
    assert.ok(share < 0.15);
  });
});
