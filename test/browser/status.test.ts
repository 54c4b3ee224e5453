import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { needsChromium } from "../needs.ts";
import { joined, linkReport, peerReport, startServer, waitMs } from "../server/fixture.ts";
import { violations } from "./accessibility.ts";
import { launchChromium, openPage } from "./chromium.ts";
import { serveStaged } from "./staged-status.ts";
import type { StagedRoom } from "./staged-course.ts";
import { measureLoad } from "./status-load.ts";

const creatorKey = "k".repeat(32);
const evilName = `<img src=x onerror="document.title='owned'">`;
const desk = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const eight: StagedRoom = { name: "eight", peers: 8, seconds: 2_600, hasModel: true };

describe("the status page", { skip: needsChromium() }, () => {
  let browser: Browser;
  // One for all: starting it takes as long as most of these tests.
  const ends: (() => Promise<void> | void)[] = [];
  before(async () => {
    browser = await launchChromium({ after: (end) => void ends.push(end) });
  });
  after(async () => {
    for (const end of ends) await end();
  });
  async function open(t: TestContext, url: string, view: Parameters<typeof openPage>[2] = {}) {
    const opened = await openPage(browser, url, view);
    t.after(() => opened.page.context().close());
    return opened;
  }

  test("shows what peers report, live, escapes names, and fits a phone", async (t) => {
    const server = await startServer(t);
    const { page, faults } = await open(t, server.url, { viewport: phone });
    await page.getByText("Nobody is here yet").waitFor();
    await page.getByText(`shoal join ${server.url}/join/room`).waitFor();
    const way = page.getByRole("link", { name: "Join from this browser" });
    assert.equal(await way.getAttribute("href"), "/join/room");

    const { socket } = await joined(t, server, 1, { name: evilName });
    await page.getByRole("cell", { name: evilName }).waitFor();
    // Before there is a point there is no time to show either.
    const loss = page.locator("#charts figure").first();
    await loss.getByText("begins with the first round").waitFor();
    socket.emit("ready", { round: 0 });
    assert.equal(await page.getByText("Nobody is here yet").isVisible(), false);

    await loss.getByText("begins with the first round").waitFor({ state: "hidden" });
    for (const round of [41, 42]) {
      const validation = { round, loss: 0.4, accuracy: 0.875 };
      const links = [linkReport(2, round * 10, 90, 10)];
      socket.emit("report", peerReport({ round, loss: 0.25, validation, links }));
      await page.locator("#figures").getByText(`${round}`, { exact: true }).waitFor();
    }
    await page.locator("#figures").getByText("87.5 %").waitFor();
    await page.locator("#figures").getByText("90.0 %").waitFor();
    const header = page.locator("#peers th").getByText("Down not counted");
    assert.match((await header.getAttribute("title")) ?? "", /lost, late, unsent or rejected/);
    await page.locator("#events").getByText("view 1 from round 0: 1 member").waitFor();
    assert.equal(await page.locator("#charts canvas").count(), 4);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);
    assert.equal(await page.title(), "room · Shoal");

    // Two with such names have a matrix, where names are too.
    await joined(t, server, 2, { name: evilName });
    await page.getByRole("rowheader", { name: evilName }).nth(1).waitFor();
    assert.equal(await page.locator("main img[src=x]").count(), 0);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 360);

    socket.emit("leave");
    await page.getByRole("rowheader", { name: evilName }).first().waitFor({ state: "hidden" });
    assert.deepEqual(faults, []);
  });

  test("while nobody looks nothing is drawn; then everything at once", async (t) => {
    const server = await startServer(t);
    const { page, faults } = await open(t, server.url);
    const { socket } = await joined(t, server, 1);
    await page.getByRole("cell", { name: "peer 1" }).waitFor();
    const setHidden = (isHidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} });` +
          `document.dispatchEvent(new Event("visibilitychange"));` +
          `window.changes ??= 0; new MutationObserver(() => { window.changes += 1; })` +
          `.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });`,
      );
    await setHidden(true);
    socket.emit("report", peerReport({ round: 77 }));
    await page.waitForTimeout(1_500);
    assert.equal(await page.evaluate("window.changes"), 0);
    await setHidden(false);
    await page.locator("#figures").getByText("77", { exact: true }).waitFor();
    assert.deepEqual(faults, []);
  });

  test("the query says which room; the others are cards; the loss of the server is said", async (t) => {
    const server = await startServer(t);
    const { page, faults } = await open(t, `${server.url}/?room=other`);
    await page.getByText(`shoal join ${server.url}/join/other`).waitFor();
    const cards = page.getByRole("navigation", { name: "Rooms" });
    assert.match(await cards.locator("[aria-current]").innerText(), /^other/);
    await cards.getByRole("link", { name: /^room/ }).click();
    await page.getByText(`shoal join ${server.url}/join/room`).waitFor();
    await page.goto(`${server.url}/?room=nowhere`);
    await page.getByText('There is no room "nowhere" on this server; this is "room".').waitFor();
    assert.deepEqual(faults, []);

    await server.close();
    await page.getByText("Connection to the server lost, reconnecting").waitFor();
    await startServer(t, { port: server.port });
    await page.getByText("Connection to the server lost").waitFor({ state: "hidden", timeout: 3 * waitMs });
  });

  test("where no room is open it says what one needs, and has no ways in that lead nowhere", async (t) => {
    const server = await startServer(t, { creatorKey, access: { room: "invite", other: "closed" } });
    const { page, faults } = await open(t, server.url, { viewport: phone });
    assert.equal(await page.getByRole("link", { name: "Join from this browser" }).isVisible(), false);
    await page.getByRole("heading", { name: "No open rooms here" }).waitFor();
    await page.getByText("To join a room or to watch one you need its invite link.").waitFor();
    for (const id of ["#ways-in", "#state", "#live"])
      assert.equal(await page.locator(id).isVisible(), false, id);
    assert.deepEqual(faults, []);

    // The front page has nothing for who was sent here without the invite.
    await page.goto(`${server.url}/join/room`);
    await page.getByText("or it is by invite: open the whole invite link").waitFor();
  });

  test("opened in the middle of a run it shows the last hour, with values at the pointer and for keys", async (t) => {
    const { url } = await serveStaged(t, [{ ...eight, seconds: 5_000 }]);
    const { page, faults } = await open(t, url, { viewport: desk });
    const loss = page.getByRole("slider", { name: "Loss over time" });
    await loss.waitFor();
    const last = Number(await loss.getAttribute("aria-valuemax"));
    assert.ok(last > 400 && last < 600, `${last + 1} points are drawn`);
    const summary = await page.locator("#charts .unseen").first().innerText();
    assert.match(summary, /training: from [\d.]+ to [\d.]+, between/);

    await loss.hover({ position: { x: 200, y: 80 } });
    const moments = page.locator("#charts .moment");
    await moments.first().getByText(/round/).waitFor();
    // All charts show the same moment.
    assert.equal(new Set(await moments.allInnerTexts()).size, 1);
    await page.mouse.move(5, 5);

    await loss.focus();
    await page.keyboard.press("Home");
    assert.equal(await loss.getAttribute("aria-valuenow"), "0");
    assert.match(
      (await loss.getAttribute("aria-valuetext")) ?? "",
      /^\d\d:\d\d:\d\d, round [\d,]+: training/,
    );
    await page.keyboard.press("ArrowRight");
    assert.equal(await loss.getAttribute("aria-valuenow"), "1");
    assert.deepEqual(faults, []);
  });

  test("the matrix: one tab stop, arrow keys move, the panel says by cause what was lost", async (t) => {
    const { url, status } = await serveStaged(t, [eight]);
    const { page, faults } = await open(t, url, { viewport: desk });
    const grid = page.getByRole("grid", { name: "Links between peers" });
    await grid.waitFor();
    assert.equal(await grid.locator("td").count(), 64);
    assert.equal(await grid.locator("td[tabindex='0']").count(), 1);
    const names = status().rooms[0]?.peers.map(({ name }) => name) ?? [];
    const title = page.locator("#link-title");
    assert.equal(await title.innerText(), "All links together");

    await grid.locator("td[tabindex='0']").focus();
    assert.equal(await title.innerText(), `${names[0]} → ${names[1]}`);
    for (const key of ["ArrowDown", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
    // The staged room's one bad path.
    assert.equal(await title.innerText(), `${names[1]} → ${names[3]}`);
    const cell = grid.locator("td:focus");
    assert.match((await cell.getAttribute("class")) ?? "", /s5/);
    assert.match(
      (await cell.getAttribute("aria-label")) ?? "",
      /^workshop-gpu to library-3: 31\.\d % not counted; \d+ counted, \d+ lost, .* round trip/,
    );
    assert.match(await page.locator("#link-share").innerText(), /^31\.\d %$/);
    await page.locator("#link-facts").getByText("direct (host)").waitFor();
    // What is stale was not owed: the rest makes up the share, each rounded to a tenth.
    const counts = await page.locator("#drops dd.count").allInnerTexts();
    assert.match(counts[2] ?? "", /^[1-9][\d,.K]*$/);
    const parts = counts.reduce((sum, text) => sum + Number(/\(([\d.]+) %\)/.exec(text)?.[1] ?? 0), 0);
    const share = Number.parseFloat(await page.locator("#link-share").innerText());
    assert.ok(Math.abs(parts - share) < 0.25, `${counts.join(", ")} of ${share} %`);

    await grid.locator("tbody tr").nth(4).locator("td").nth(0).hover();
    assert.equal(await title.innerText(), `${names[4]} → ${names[0]}`);
    await page.mouse.move(5, 5);
    await page.locator("#copy").focus();
    await title.getByText("All links together").waitFor();
    assert.deepEqual(faults, []);
  });

  test("above 32 peers: quantiles and the worst links in place of the matrix", async (t) => {
    const { url } = await serveStaged(t, [{ name: "big", peers: 40, seconds: 600 }]);
    const { page, faults } = await open(t, url, { viewport: desk });
    await page.getByText(/^Of 1,560 directions half lose at most .* the worst one loses 31\.\d %/).waitFor();
    assert.equal(await page.getByRole("grid").isVisible(), false);
    const worst = page.getByRole("table", { name: "Worst links" }).locator("tbody tr");
    assert.equal(await worst.count(), 12);
    assert.match(await worst.first().innerText(), /workshop-gpu\s+library-3\s+31\.\d %/);
    assert.deepEqual(faults, []);
  });

  test("a model worth trying can be tried and downloaded", async (t) => {
    const { url } = await serveStaged(t, [eight]);
    const { page, faults } = await open(t, `${url}/?room=eight`, { viewport: desk });
    const body = `export function mountTry(target, room) { target.textContent = "trying " + room; }`;
    await page.route("**/try.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
    const link = page.getByRole("link", { name: /Download it \(51\.2 kB, safetensors\)/ });
    assert.equal(await link.getAttribute("href"), "/api/rooms/eight/model");
    await page.getByRole("button", { name: "Try it here" }).click();
    await page.getByText("trying eight").waitFor();
    // What is mounted has its own.
    await link.waitFor({ state: "hidden" });
    assert.deepEqual(faults, []);
  });

  test("staged rooms agree with themselves", async (t) => {
    const { url, status } = await serveStaged(t, [{ name: "big", peers: 32, seconds: 4_200 }, eight]);
    for (const { peers, history, events, round } of status().rooms) {
      const members = peers.filter(({ member }) => member);
      assert.equal(history.at(-1)?.peers, members.length);
      assert.equal(history.at(-1)?.round, round);
      const lastView = events.findLast(({ kind }) => kind === "view");
      assert.match(lastView?.text ?? "", new RegExp(`: ${members.length} members`));
    }
    const { page } = await open(t, url, { viewport: desk });
    await page.locator("#figures").getByText("30 training").waitFor();
    await page.locator("#charts").getByText("members 30").waitFor();
  });

  test("a finished training that everybody has left says so, and its curves stay", async (t) => {
    const { url } = await serveStaged(t, [{ name: "done", peers: 3, seconds: 300, isFinished: true }]);
    const { page, faults } = await open(t, url, { viewport: desk });
    await page.getByText("This training is finished: all 4,000 rounds are done.").waitFor();
    assert.equal(await page.getByText("Nobody is here").isVisible(), false);
    assert.equal(await page.getByRole("link", { name: "Join from this browser" }).isVisible(), false);
    assert.ok(await page.locator("#charts").isVisible());
    assert.deepEqual(faults, []);
  });

  test("axe-core finds nothing: light and dark, desk and phone", async (t) => {
    const rooms = [eight, { name: "done", peers: 3, seconds: 300, isFinished: true }];
    const { url } = await serveStaged(t, rooms);
    for (const colorScheme of ["light", "dark"] as const) {
      for (const viewport of [desk, phone]) {
        const { page, faults } = await open(t, url, { viewport, colorScheme });
        await page.locator("#live").waitFor();
        assert.deepEqual(await violations(page), [], `${colorScheme}, ${viewport.width} px`);
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), viewport.width);
        assert.deepEqual(faults, []);
      }
    }
  });

  test("32 reporters keep it at a fifth of a core at most, and its memory flat", async (t) => {
    const samples = await measureLoad(t, browser, {
      reporters: 32,
      warmUpSeconds: 3,
      sampleSeconds: 4,
      samples: 3,
    });
    const figures = JSON.stringify(samples);
    t.diagnostic(figures);
    // Processor time of all its threads; the main thread's tasks are measured by the clock, waiting included.
    const mean = samples.reduce((sum, { processShare }) => sum + processShare, 0) / samples.length;
    assert.ok(mean < 0.2, figures);
    const [first, last] = [samples[0], samples.at(-1)];
    assert.ok((last?.heapBytes ?? 0) - (first?.heapBytes ?? 0) < 500_000, figures);
    assert.ok((last?.nodes ?? 0) - (first?.nodes ?? 0) < 200, figures);
  });
});
