/** Tabs have no data folder: they read what their server hands out. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import { encode } from "fast-png";
import type { Browser } from "playwright-core";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import type { TaskInput } from "../../shared/core/task.ts";
import { dataFolder, taskOf, writeMnist } from "../data/tiny-files.ts";
import type { DataFolder } from "../data/tiny-files.ts";
import { needsChromium } from "../needs.ts";
import { startServer } from "../server/fixture.ts";
import { launchChromium } from "./chromium.ts";
import { joinWithTab } from "./real-tab.ts";

const skip = needsChromium();
const ends: (() => Promise<void> | void)[] = [];
let browser: Browser;

before(async () => {
  if (skip === false) browser = await launchChromium({ after: (end) => ends.push(end) });
});
after(async () => {
  for (const end of ends) await end();
});

async function trainInTab(t: TestContext, data: TaskInput["data"], folder: DataFolder): Promise<void> {
  const task = { ...taskOf(data), rounds: 20 };
  const server = await startServer(t, { tasks: { room: task }, data: createFolderSource(folder.path) });
  const tab = await joinWithTab(browser, `${server.url}/join/room`);
  t.after(() => tab.page.context().close());
  const accuracy = await tab.finished(30_000);
  assert.ok(accuracy >= 0 && accuracy <= 1, `${accuracy}`);
  assert.deepEqual(tab.faults, []);
}

describe("a tab trains from the server's files", { skip }, () => {
  test("of numbers in records, gzipped", async (t) => {
    const folder = dataFolder(t);
    writeMnist(folder, { gz: true });
    await trainInTab(t, { kind: "mnist", shards: 2, seed: 1, validationSamples: 5 }, folder);
  });

  test("of pictures, which it decodes by itself", async (t) => {
    const folder = dataFolder(t);
    for (const [name, level] of [
      ["dark", 20],
      ["light", 230],
    ] as const)
      for (let i = 0; i < 10; i++) {
        const picture = { width: 20, height: 16, channels: 1, data: new Uint8Array(320).fill(level + i) };
        folder.write(`shades/${name}/${i}.png`, encode(picture));
      }
    await trainInTab(
      t,
      {
        kind: "images",
        folder: "shades",
        classes: ["dark", "light"],
        height: 8,
        width: 8,
        channels: 1,
        shards: 2,
        seed: 1,
        validationSamples: 4,
      },
      folder,
    );
  });
});
