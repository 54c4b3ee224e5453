import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TestContext } from "node:test";
import { chromium } from "playwright-core";
import type { Page } from "playwright-core";
import type { SignalingServer } from "../../signaling-server/server.ts";
import { chromiumPath, needsChromium } from "../needs.ts";
import { joined, linkReport, peerReport, startServer, waitMs } from "./fixture.ts";

async function open(
  t: TestContext,
  server: SignalingServer,
  path = "/",
): Promise<{ page: Page; faults: string[] }> {
  const browser = await chromium.launch({
    executablePath: chromiumPath() ?? "chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
  page.setDefaultTimeout(waitMs);
  const faults: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
  page.on("pageerror", (error) => void faults.push(error.message));
  page.on("request", (request) => void (request.url().startsWith(server.url) || faults.push(request.url())));
  await page.goto(server.url + path);
  return { page, faults };
}

const evilName = `<img src=x onerror="document.title='owned'">`;

describe("the status page", { skip: needsChromium() }, () => {
  test("shows what peers report, live, escapes names, and fits a phone", async (t) => {
    const server = await startServer(t);
    const { page, faults } = await open(t, server);
    await page.getByText("Nobody is here yet").waitFor();
    await page.getByText(`npx shoal join ${server.url}/join/room`).waitFor();

    const { socket } = await joined(t, server, 1, { name: evilName });
    socket.emit("ready", { round: 0 });
    await page.getByRole("cell", { name: evilName }).waitFor();
    assert.equal(await page.getByText("Nobody is here yet").isVisible(), false);

    for (const round of [41, 42]) {
      const validation = { round, loss: 0.4, accuracy: 0.875 };
      const links = [linkReport(2, round * 10, 90, 10)];
      socket.emit("report", peerReport({ round, loss: 0.25, validation, links }));
      await page.locator("#figures").getByText(`${round}`, { exact: true }).waitFor();
    }
    await page.locator("#figures").getByText("87.5 %").waitFor();
    await page.locator("#figures").getByText("90.0 %").waitFor();
    const header = page.getByRole("columnheader", { name: "Not counted", includeHidden: true });
    assert.match((await header.getAttribute("title")) ?? "", /lost, late, unsent or rejected/);
    await page.locator("#events").getByText("view 1 from round 0: 1 member").waitFor();
    assert.equal(await page.locator("#charts canvas").count(), 3);
    const width = await page.evaluate("document.documentElement.scrollWidth");
    assert.equal(width, 360);
    assert.equal(await page.title(), "room · Shoal");

    socket.emit("leave");
    await page.getByText("Nobody is here yet").waitFor();
    assert.deepEqual(faults, []);
  });

  test("a join link shows its room, and the loss of the server is said", async (t) => {
    const server = await startServer(t);
    const { page, faults } = await open(t, server, "/join/other");
    await page.getByText(`npx shoal join ${server.url}/join/other`).waitFor();
    assert.deepEqual(faults, []);
    await server.close();
    await page.getByText("Connection to the server lost, reconnecting").waitFor();
    const again = await startServer(t, { port: server.port });
    await page.getByText("Connection to the server lost").waitFor({ state: "hidden", timeout: 3 * waitMs });
    assert.equal(again.port, server.port);
  });
});
