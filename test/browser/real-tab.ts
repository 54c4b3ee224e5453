/** A tab that really takes part: the join page as served, from the click to the end of the run. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { bundling } from "../../signaling-server/bundling.ts";
import { openPage } from "./chromium.ts";

export interface RealTab {
  readonly page: Page;
  readonly faults: readonly string[];
  /** Resolves with the accuracy that the page shows when the run is over. */
  finished(ms: number): Promise<number>;
}

const power = { light: "Light", full: "Full" } as const;

export async function joinWithTab(
  browser: Browser,
  roomUrl: string,
  options: { readonly peerWorker?: string; readonly power?: keyof typeof power } = {},
): Promise<RealTab> {
  const { page, faults } = await openPage(browser, roomUrl);
  const { peerWorker } = options;
  if (peerWorker !== undefined)
    await page.route("**/peer-worker.js", (route) =>
      route.fulfill({
        contentType: "text/javascript",
        headers: { "cross-origin-embedder-policy": "require-corp" },
        body: peerWorker,
      }),
    );
  await page.getByRole("radio", { name: power[options.power ?? "full"] }).check();
  await page.getByRole("button", { name: "Join", exact: true }).click();
  return {
    page,
    faults,
    async finished(ms) {
      await page.getByRole("heading", { name: "The model is trained" }).waitFor({ timeout: ms });
      const text = await page.locator("#end-what").innerText();
      return Number(/([\d.]+) % of/.exec(text)?.[1]) / 100;
    },
  };
}

/** A script from test/browser, bundled as the build does it. */
export async function bundled(name: string, define: Record<string, string> = {}): Promise<string> {
  const entry = fileURLToPath(new URL(`../../../test/browser/${name}`, import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], write: false, define, ...bundling });
  return outputFiles[0]?.text ?? "";
}

const tickMs = 10;

/** The longest that the page's thread was kept from its timers, within `ms`. */
function longestGap(page: Page, ms: number): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    let last = performance.now();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, ${tickMs});
    setTimeout(() => { clearInterval(timer); resolve(longest); }, ${ms});
  })`);
}

/** The same beyond the lateness of a page that does nothing at the same time: that is the machine's doing. */
export async function longestOwnGap(page: Page, idle: Page, ms: number): Promise<number> {
  const [gapMs, idleGapMs] = await Promise.all([longestGap(page, ms), longestGap(idle, ms)]);
  const latenessMs = Math.max(0, idleGapMs - tickMs);
  return Math.max(0, gapMs - latenessMs);
}

/** Processor time that the page's thread has taken since it began: no worker's, and no waiting for a core. */
export async function pageThreadMs(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN);
  };
}

/** How many rounds the page says it has done. */
export function shownRound(page: Page): Promise<number> {
  return page.evaluate(
    `Number(document.querySelector("#figures dd span")?.textContent.replaceAll(",", "") ?? NaN)`,
  );
}

/** How long a round takes, in each of so many seconds: from one change that the page shows to another. */
export function roundTimesMs(page: Page, seconds: number): Promise<number[]> {
  return page.evaluate(`(async () => {
    const text = () => document.querySelector("#figures dd span").textContent;
    async function change() {
      const before = text();
      while (text() === before) await new Promise((resolve) => setTimeout(resolve, 10));
      return { round: Number(text().replaceAll(",", "")), atMs: performance.now() };
    }
    const times = [];
    for (let from = await change(); times.length < ${seconds};) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const to = await change();
      times.push((to.atMs - from.atMs) / (to.round - from.round));
      from = to;
    }
    return times;
  })()`);
}
