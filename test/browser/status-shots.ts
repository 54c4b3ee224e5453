/** Pictures of the status page, of staged rooms. */
import type { BrowserContextOptions } from "playwright-core";
import { openPage } from "./chromium.ts";
import type { Shot } from "./screenshots.ts";
import { serveStaged } from "./staged-status.ts";
import type { StagedRoom } from "./staged-course.ts";

interface StatusShot {
  readonly name: string;
  readonly rooms: readonly StagedRoom[];
  readonly view?: Pick<BrowserContextOptions, "viewport" | "colorScheme">;
  /** What to point at. */
  readonly hover?: string;
  /** Where the picture ends; the whole page otherwise. */
  readonly until?: string;
}

/** Below what the picture ends with. */
const margin = 16;
const desk = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const eight: StagedRoom = { name: "glyphs", peers: 8, seconds: 2_600, hasModel: true };
const badPath = "#matrix tbody tr:nth-child(2) td:nth-child(5)";

const list: readonly StatusShot[] = [
  { name: "status-2-peers", rooms: [{ name: "glyphs", peers: 2, seconds: 240 }] },
  { name: "status-8-peers", rooms: [eight], hover: badPath },
  {
    name: "status-8-peers-dark",
    rooms: [eight],
    view: { viewport: desk, colorScheme: "dark" },
    hover: badPath,
  },
  {
    name: "status-32-peers",
    rooms: [{ name: "open-day", peers: 32, seconds: 4_200, hasModel: true }],
    until: "#links",
  },
  {
    name: "status-40-peers",
    rooms: [{ name: "open-day", peers: 40, seconds: 4_200, hasModel: true }],
    until: "#links",
  },
  { name: "status-phone", rooms: [eight], view: { viewport: phone }, until: "#peers tbody tr:nth-child(2)" },
  {
    name: "status-rooms",
    rooms: [
      { ...eight, isFinished: true },
      { name: "open-day", peers: 12, seconds: 900 },
      { name: "noisy-lines", peers: 3, seconds: 300 },
    ],
  },
];

export const statusShots: readonly Shot[] = list.map(
  ({ name, rooms, view = { viewport: desk }, hover, until = "main" }) => ({
    name,
    async take(browser, file, t) {
      const { url } = await serveStaged(t, rooms);
      const { page, faults } = await openPage(browser, url, view);
      await page.locator("#charts canvas").nth(3).waitFor();
      await page.locator("#live").waitFor();
      if (hover) await page.locator(hover).hover();
      // The second snapshot, and whatever it moves.
      await page.waitForTimeout(1_500);
      const { width } = view.viewport ?? desk;
      const box = await page.locator(until).boundingBox();
      const scrolled = Number(await page.evaluate("window.scrollY"));
      const height = scrolled + (box?.y ?? 0) + (box?.height ?? 0) + margin;
      await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width, height } });
      if (faults.length > 0) throw new Error(`${name}: ${faults.join("; ")}`);
    },
  }),
);
