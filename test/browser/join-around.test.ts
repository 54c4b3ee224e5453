/** What happens around a tab's run: its battery, the room after its end, the link to share. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { isOnlyHere } from "../../peer-browser/page/share.ts";
import { needsChromium } from "../needs.ts";
import { startServer } from "../server/fixture.ts";
import { launchChromium, networkName, withNetworkName } from "./chromium.ts";
import { openFakeTab, tabStatus } from "./join-states.ts";
import type { FakeTab, TabOptions } from "./join-states.ts";

const skip = needsChromium();
const ends: (() => Promise<void> | void)[] = [];
let browser: Browser;

before(async () => {
  if (skip === false)
    browser = await launchChromium({ after: (end) => ends.push(end) }, { args: withNetworkName });
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

const ended = { type: "ended", accuracy: null, mayPass: false } as const;

describe("a battery that is nearly empty", { skip }, () => {
  const low = "fakeBattery.becomes({ charging: false, level: 0.15 })";
  const charging = "fakeBattery.becomes({ charging: true, level: 0.16 })";

  test("pauses a run, and resumes it when it charges", async (t) => {
    const tab = await open(t, { battery: true });
    await tab.join();
    await tab.page.evaluate(low);
    await tab.page.getByText("Paused: the battery is below 20 %.").waitFor();
    await tab.page.evaluate(charging);
    await tab.page.getByText("Resumed: the battery charges.").waitFor();
    assert.deepEqual(await tab.commands(), ["start", "pause", "resume"]);
  });

  test("pauses a run at its start, in this tab's second run, too", async (t) => {
    const tab = await open(t, { battery: true });
    await tab.page.evaluate(low);
    for (const again of [false, true]) {
      if (again) await tab.page.getByRole("button", { name: "Join again" }).click();
      await tab.join();
      await tab.page.getByText("Paused: the battery is below 20 %.").waitFor();
      assert.deepEqual(await tab.commands(), ["start", "pause"]);
      await tab.say({ ...ended, outcome: "stopped", reason: "Stopped." });
    }
  });

  test("charging again does not resume what a person has paused, before or since", async (t) => {
    const tab = await open(t, { battery: true });
    await tab.join();
    const press = async (name: "Pause" | "Resume") => {
      await tab.page.getByRole("button", { name }).click();
      await tab.say({
        type: "status",
        status: tabStatus({ phase: name === "Pause" ? "paused" : "training" }),
      });
    };
    await press("Pause");
    await tab.page.evaluate(low);
    await tab.page.evaluate(charging);
    assert.deepEqual(await tab.commands(), ["start", "pause"]);
    await press("Resume");
    await tab.page.evaluate(low);
    await tab.say({ type: "status", status: tabStatus({ phase: "paused" }) });
    await press("Resume");
    await press("Pause");
    await tab.page.evaluate(charging);
    assert.deepEqual(await tab.commands(), ["start", "pause", "resume", "pause", "resume", "pause"]);
  });
});

describe("around a run", { skip }, () => {
  test("Pause counts before the first status, and can be taken back", async (t) => {
    const tab = await open(t);
    await tab.join();
    await tab.page.getByRole("button", { name: "Pause" }).click();
    await tab.page.getByRole("button", { name: "Resume" }).click();
    await tab.page.getByRole("button", { name: "Pause" }).waitFor();
    assert.deepEqual(await tab.commands(), ["start", "pause", "resume"]);
  });

  test("a run that ended in a background tab offers its model when somebody looks", async (t) => {
    const tab = await open(t);
    await tab.join();
    await tab.setHidden(true);
    await tab.say({ ...ended, outcome: "finished", reason: "", accuracy: 0.98 });
    await tab.page.getByRole("heading", { name: "The model is trained" }).waitFor();
    tab.setRoom({ isFinished: true, model: { round: 1_499, bytes: 5, accuracy: 0.98 } });
    assert.equal(await tab.page.locator("#try").isVisible(), false);
    await tab.setHidden(false);
    await tab.page.getByText("round 1,499, 98.0 % of unseen examples right").waitFor();
  });

  test("what the worker says and nobody can read ends the run", async (t) => {
    const tab = await open(t);
    await tab.join();
    await tab.page.evaluate(`fakeWorkers.at(-1).dispatchEvent(new MessageEvent("messageerror"))`);
    await tab.page.getByText("trains broke down: a message of it could not be read.").waitFor();
  });
});

describe("the link to share", () => {
  for (const [host, isHere] of [
    ["localhost", true],
    ["127.0.0.1", true],
    ["127.1.2.3", true],
    ["[::1]", true],
    ["0.0.0.0", true],
    ["shoal.localhost", true],
    ["192.168.1.27", false],
    ["127.example.org", false],
    ["localhost.example.org", false],
    ["my-localhost", false],
    ["[fd00::1]", false],
  ] as const) {
    test(`${host} leads ${isHere ? "nowhere from another computer" : "here from everywhere"}`, () => {
      assert.equal(isOnlyHere(new URL(`http://${host}:8080/`).hostname), isHere);
    });
  }

  test(
    "at localhost it says so and shows no QR code; at the network's name it shows one",
    { skip },
    async (t) => {
      const { url } = await startServer(t);
      for (const [address, isHere] of [
        [url, true],
        [networkName(url), false],
      ] as const) {
        const { page } = await openFakeTab(browser, address);
        t.after(() => page.context().close());
        await page.locator("#link").getByText(`${address}/join/room`).waitFor();
        assert.equal(await page.getByText("works on this computer only").isVisible(), isHere);
        assert.equal(await page.locator("#qr svg").isVisible(), !isHere);
      }
    },
  );
});
