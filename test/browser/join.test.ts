import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { needsChromium } from "../needs.ts";
import { invitePurpose, signToken } from "../../signaling-server/invite-token.ts";
import { startServer } from "../server/fixture.ts";
import { violations } from "./accessibility.ts";
import { launchChromium } from "./chromium.ts";
import { openFakeTab, playRun, tabStatus } from "./join-states.ts";
import type { FakeTab, TabOptions } from "./join-states.ts";

const skip = needsChromium();
const ends: (() => Promise<void> | void)[] = [];
let browser: Browser;

before(async () => {
  if (skip === false) browser = await launchChromium({ after: (end) => ends.push(end) });
});
after(async () => {
  for (const end of ends) await end();
});

async function open(t: TestContext, options?: TabOptions): Promise<FakeTab> {
  const { url } = await startServer(t);
  const tab = await openFakeTab(browser, url, options);
  t.after(() => tab.page.context().close());
  return tab;
}

/** Takes part; from then on only `clock.runFor` moves the page's time. */
async function openInStoppedTime(t: TestContext): Promise<FakeTab> {
  const tab = await open(t);
  await tab.page.clock.install();
  await tab.page.reload();
  await tab.join();
  // Time goes on after `install`, and cannot be stopped at what is past when the page hears of it.
  await tab.page.clock.pauseAt(Date.now() + 3_600_000);
  return tab;
}

const phase = (page: Page) => page.locator("#phase").innerText();
const ended = { type: "ended", accuracy: null, mayPass: false } as const;
const brokenOff = { ...ended, outcome: "failed", mayPass: true } as const;

describe("the join page before anything runs", { skip }, () => {
  test("says what happens, what leaves the device and how to stop, and loads nothing but itself", async (t) => {
    const { url } = await startServer(t);
    const asked: string[] = [];
    const context = await browser.newContext();
    t.after(() => context.close());
    await context.addInitScript(
      "const R = RTCPeerConnection; window.RTCPeerConnection = class extends R { constructor(...a) { super(...a); window.connected = true; } };",
    );
    const page = await context.newPage();
    page.on("request", (request) => void asked.push(new URL(request.url()).pathname));
    await page.goto(`${url}/join/room`);
    await page.getByRole("button", { name: "Join" }).waitFor();
    const text = await page.locator("main").innerText();
    assert.match(text, /a model that recognises drawn digits/);
    assert.match(text, /Never your files/);
    assert.match(text, /this tab’s name in the room, and which processor or graphics card it computes with/);
    assert.match(text, /can see this device’s IP address/);
    assert.match(text, /close the tab/);
    assert.match(text, /Nothing runs or connects before you press this/);
    const expected = ["/join/room", "/join.css", "/join.js", "/api/rooms/room", "/icon.svg"];
    assert.deepEqual(
      asked.filter((path) => !expected.includes(path)),
      [],
    );
    assert.equal(page.workers().length, 0);
    assert.equal(await page.evaluate("window.connected"), undefined);
  });

  test("starts where things stand: who is there, how far and how good the model is", async (t) => {
    const { page } = await open(t);
    await page.getByText("3 computers are training a model").waitFor();
    await page.getByText("round 412 of 1,500 and gets 93.1 %").waitFor();
  });

  test("a room without anybody invites to be the first", async (t) => {
    const { page } = await open(t, { room: { peers: 0, accuracy: null } });
    await page.getByText("Nobody is here yet: be the first").waitFor();
  });

  test("a run that is over cannot be joined", async (t) => {
    const { page } = await open(t, { room: { isFinished: true } });
    await page.getByRole("heading", { name: "This run is over" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Join" }).isVisible(), false);
  });

  test("a room by invite opens to its link, whose invite is in no address that is asked for", async (t) => {
    const creatorKey = "k".repeat(32);
    const { url } = await startServer(t, { creatorKey, access: { room: "invite" } });
    const invite = signToken(creatorKey, invitePurpose, { room: "room", untilSeconds: 2e9 });
    const context = await browser.newContext();
    t.after(() => context.close());
    const page = await context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => void asked.push(request.url(), request.headers()["referer"] ?? ""));
    await page.goto(`${url}/join/room`);
    await page.getByText("There is no such room on this server").waitFor();
    await page.goto("about:blank");
    await page.goto(`${url}/join/room#invite=${invite}`);
    await page.getByRole("button", { name: "Join", exact: true }).waitFor();
    assert.equal(await page.evaluate("fetch('/api/rooms/room').then(({ status }) => status)"), 200);
    assert.equal(await page.evaluate("document.cookie"), "");
    const sent = asked.map((address) => address.split("#")[0] ?? "");
    assert.deepEqual(
      sent.filter((address) => address.includes(invite)),
      [],
    );
  });

  test("what this browser lacks is one sentence", async (t) => {
    const { url } = await startServer(t);
    const page = await browser.newPage();
    t.after(() => page.close());
    await page.addInitScript("delete window.RTCPeerConnection");
    await page.goto(`${url}/join/room`);
    await page.getByText("This browser can't take part: it has no WebRTC").waitFor();
    assert.equal(await page.getByRole("button", { name: "Join" }).isVisible(), false);
  });
});

describe("a run of this tab", { skip }, () => {
  test("one click starts it with what was chosen; pause, resume, power and stop reach the worker", async (t) => {
    const tab = await open(t);
    const { page } = tab;
    await page.getByRole("radio", { name: "Light" }).check();
    await tab.join();
    const start = await page.evaluate(
      "(({ type, room, power, processor }) => ({ type, room, power, processor }))(fakeWorkers[0].commands[0])",
    );
    assert.deepEqual(start, {
      type: "start",
      room: "room",
      power: "light",
      processor: "automatic",
    });
    await tab.say({ type: "status", status: tabStatus() });
    await page.getByRole("button", { name: "Pause" }).click();
    await tab.say({ type: "status", status: tabStatus({ phase: "paused" }) });
    await page.getByRole("heading", { name: "Paused" }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("radio", { name: "Full" }).check();
    await page.getByRole("button", { name: "Stop" }).click();
    assert.deepEqual(await tab.commands(), ["start", "pause", "resume", "power", "stop"]);
    await tab.say({ ...ended, outcome: "stopped", reason: "Stopped." });
    await page.getByRole("heading", { name: "You have left" }).waitFor();
    await page.getByRole("button", { name: "Join again" }).click();
    await page.getByRole("button", { name: "Join", exact: true }).waitFor();
    assert.deepEqual(tab.faults, []);
  });

  test("shows its figures, the others, and the processor with the reason for it", async (t) => {
    const tab = await open(t);
    const { page } = tab;
    await tab.join();
    await playRun(tab);
    assert.equal(await phase(page), "Training and averaging");
    const figures = await page.locator("#figures").innerText();
    for (const figure of ["412", "of 1,500", "93.4 %", "everybody 93.1 %", "0.231", "13.2K", "412 kB/s"])
      assert.ok(figures.includes(figure), `${figure} in ${figures}`);
    await page.getByRole("row", { name: "tab-77c1 tab 131 ms 8.3 %" }).waitFor();
    assert.equal(await page.locator(".dots .peer").count(), 4);
    assert.equal(await page.locator(".dots .peer.losing").count(), 1);
    await page.getByText("No graphics processor is available to this browser.").waitFor();
    // Two on one machine; nothing takes no time at all.
    const [nearest, ...others] = tabStatus().peers;
    assert.ok(nearest);
    await tab.say({ type: "status", status: tabStatus({ peers: [{ ...nearest, rttMs: 0.02 }, ...others] }) });
    await page.getByRole("cell", { name: "< 0.1 ms" }).waitFor();
    const [table, legend] = await Promise.all(
      [page.locator("#peers table"), page.locator("#peers > p.small")].map((part) => part.boundingBox()),
    );
    assert.ok(table && legend && legend.y - table.y - table.height >= 8, "the legend is no row of the table");
    await tab.say({ type: "backend-lost", was: "webgpu", why: "the device was reset" });
    await page.getByText("webgpu broke down (the device was reset): another processor takes over.").waitFor();
    assert.deepEqual(tab.faults, []);
  });

  for (const [wanted, said] of [
    ["Connecting", "connecting"],
    ["Catching up", "catching up"],
    ["Waiting for others", "waiting for others"],
    ["Paused", "paused"],
    ["Training", "training"],
    ["Averaging", "averaging"],
  ] as const) {
    test(`says "${wanted}"`, async (t) => {
      const tab = await open(t);
      await tab.join();
      await tab.say({ type: "status", status: tabStatus({ phase: said }) });
      assert.equal(await phase(tab.page), wanted);
    });
  }

  test("names of strangers are text", async (t) => {
    const tab = await open(t);
    await tab.join();
    const name = `<img src=x onerror="document.title='owned'">`;
    const [peer] = tabStatus().peers;
    assert.ok(peer);
    await tab.say({ type: "status", status: tabStatus({ peers: [{ ...peer, name }] }) });
    await tab.page.getByRole("cell", { name }).waitFor();
    assert.equal(await tab.page.title(), "room · Shoal");
  });

  test("how it ended is a sentence, and what can be done about it a button", async (t) => {
    const tab = await open(t);
    const cases = [
      [
        { ...ended, outcome: "finished", reason: "", accuracy: 0.987 },
        "98.7 % of unseen examples right",
        undefined,
      ],
      [{ ...ended, outcome: "over", reason: "It has ended." }, "This run is over", undefined],
      [{ ...ended, outcome: "refused", reason: "The room is full." }, "The room is full.", "Try again"],
      [
        { ...ended, outcome: "failed", reason: "Nothing here can train." },
        "Nothing here can train.",
        "Try again",
      ],
    ] as const;
    for (const [news, sentence, button] of cases) {
      await tab.page.reload();
      await tab.join();
      await tab.say(news);
      await tab.page.getByText(sentence).waitFor();
      const again = tab.page.locator("#again");
      assert.equal(await again.isVisible(), button !== undefined);
      if (button) assert.equal(await again.innerText(), button);
    }
  });

  test("a worker that breaks down is said, and the tab can start again", async (t) => {
    const tab = await open(t);
    await tab.join();
    await tab.crashWorker("out of memory");
    await tab.page.getByText("The part of this page that trains broke down: out of memory.").waitFor();
    await tab.page.getByRole("button", { name: "Try again" }).click();
    await tab.join();
    assert.equal(await tab.workers(), 2);
  });

  test("a run that broke off begins again by itself, each time in vain later", async (t) => {
    const tab = await openInStoppedTime(t);
    for (const [seconds, sentence] of [
      [15, "in 15 seconds"],
      [30, "in 30 seconds"],
      [60, "in 1 min"],
    ] as const) {
      await tab.say({ ...brokenOff, reason: "The server can't be reached." });
      await tab.page
        .getByText(`The server can't be reached. This tab tries again by itself ${sentence}.`)
        .waitFor();
      const count = await tab.workers();
      await tab.page.clock.runFor(1_000 * seconds - 500);
      assert.equal(await tab.workers(), count);
      await tab.page.clock.runFor(1_000);
      await tab.page.getByRole("heading", { name: "Your tab takes part" }).waitFor();
      assert.equal(await tab.workers(), count + 1);
    }
    await tab.say({ ...brokenOff, reason: "Again." });
    await tab.page.getByRole("button", { name: "Try again" }).click();
    await tab.page.getByRole("button", { name: "Join", exact: true }).waitFor();
    const workers = await tab.workers();
    await tab.page.clock.runFor(600_000);
    assert.equal(await tab.workers(), workers, "who has taken over by hand is asked");
    await tab.join();
    await tab.say({ type: "status", status: tabStatus() });
    await tab.page.getByRole("button", { name: "Stop", exact: true }).click();
    await tab.say({ ...brokenOff, reason: "It broke off while it stopped." });
    await tab.page.getByText("It broke off while it stopped.", { exact: true }).waitFor();
  });

  test("a room that is full is asked again, what cannot pass is not", async (t) => {
    const tab = await openInStoppedTime(t);
    await tab.say({ ...ended, outcome: "refused", reason: "The room is full.", mayPass: true });
    await tab.page.getByText("The room is full. This tab tries again by itself in 15 seconds.").waitFor();
    await tab.page.getByRole("link", { name: "Everything about this run" }).focus();
    await tab.page.clock.runFor(15_500);
    await tab.page.getByRole("heading", { name: "Your tab takes part" }).waitFor();
    assert.equal(await tab.page.evaluate("document.activeElement.id"), "status-link", "no focus is stolen");
    await tab.say({ ...ended, outcome: "failed", reason: "Training diverged." });
    await tab.page.getByText("Training diverged.", { exact: true }).waitFor();
    const workers = await tab.workers();
    await tab.page.clock.runFor(600_000);
    assert.equal(await tab.workers(), workers);
  });

  test("offline and back is said and told", async (t) => {
    const tab = await open(t);
    await tab.join();
    await tab.page.context().setOffline(true);
    await tab.page.getByText("This device is offline.").waitFor();
    await tab.page.context().setOffline(false);
    await tab.page.getByText("This device is offline.").waitFor({ state: "hidden" });
    assert.deepEqual(await tab.commands(), ["start", "network", "network"]);
  });

  test("a page that goes says goodbye", async (t) => {
    const tab = await open(t);
    await tab.join();
    await tab.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");
    assert.deepEqual(await tab.commands(), ["start", "goodbye"]);
    await tab.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    await tab.page.getByRole("button", { name: "Join", exact: true }).waitFor();
  });
});

describe("the join page for everybody", { skip }, () => {
  test("a second tab explains itself and takes over when the first stops", async (t) => {
    const first = await open(t);
    await first.join();
    const page = await first.page.context().newPage();
    await page.goto(first.page.url());
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByText("Another tab of this browser is training already").waitFor();
    await page.getByRole("button", { name: "Don't wait" }).click();
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByText("This tab takes over by itself").waitFor();
    await first.say({ ...ended, outcome: "stopped", reason: "Stopped." });
    await page.getByRole("heading", { name: "Your tab takes part" }).waitFor();
  });

  test("works by keyboard alone", async (t) => {
    const tab = await open(t);
    const { page } = tab;
    const focused = () => page.evaluate("document.activeElement.value || document.activeElement.innerText");
    await page.getByRole("button", { name: "Join" }).waitFor();
    const stops: unknown[] = [];
    for (let step = 0; step < 4; step++) {
      await page.keyboard.press("Tab");
      stops.push(await focused());
    }
    assert.deepEqual(stops, ["Shoal", "medium", "Processor and name", "Join"]);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Your tab takes part" }).waitFor();
    await tab.say({ type: "status", status: tabStatus() });
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Pause");
    await page.keyboard.press("Space");
    await tab.say({ type: "status", status: tabStatus({ phase: "paused" }) });
    assert.equal(await focused(), "Resume");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.deepEqual(await tab.commands(), ["start", "pause", "resume", "stop"]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1_280, 360]) {
      test(`axe-core finds nothing: ${colorScheme}, ${width} px wide`, async (t) => {
        const tab = await open(t, { colorScheme, viewport: { width, height: 800 } });
        const { page } = tab;
        const states: readonly (readonly [string, () => Promise<unknown>])[] = [
          ["consent", () => page.getByText("Processor and name").click()],
          ["connecting", () => tab.join()],
          ["training", () => playRun(tab)],
          ["paused", () => tab.say({ type: "status", status: tabStatus({ phase: "paused" }) })],
          ["notices", () => tab.say({ type: "notice", text: "workstation left: closed" })],
          ["ended", () => tab.say({ ...ended, outcome: "stopped", reason: "Stopped." })],
        ];
        for (const [name, enter] of states) {
          await enter();
          assert.deepEqual(await violations(page), [], name);
          assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, name);
        }
        assert.deepEqual(tab.faults, []);
      });
    }
  }
});
