/** Tabs which nobody looks at, or whose processor is slow, in a room with programs. */
import { busiestTab, startHideable, startMixed } from "../mixed-room.ts";
import { slowDown } from "../pace.ts";
import type { Row, Size } from "../row.ts";
import { slowedDownBesideTabs } from "../tabs-go-on.ts";
import { endlessTask } from "../tasks.ts";
import { newestEpoch } from "../watching.ts";

const countOf = { full: 4, short: 2 } as const;
const words = (of: (count: number) => string) => ({ full: of(countOf.full), short: of(countOf.short) });
const room = (size: Size, samplesPerRound?: number) => {
  const each = countOf[size];
  return { each, task: endlessTask(2 * each, samplesPerRound === undefined ? {} : { samplesPerRound }) };
};

const hidden: Row = {
  name: "tabs-hidden",
  version: 2,
  what: words((count) => `all of ${count} tabs, in a room with ${count} programs, go to the background`),
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 80, short: 40 },
  async run(chaos) {
    const { each, task } = room(chaos.size);
    const mixed = await startHideable(chaos, { task, each });
    const { run, tabs } = mixed;
    const epoch = newestEpoch(run.peers);
    const checks = await slowedDownBesideTabs(chaos, mixed, async () => {
      for (const tab of tabs) await tab.hide();
      const states = await Promise.all(tabs.map((tab) => tab.evaluate("document.visibilityState")));
      if (states.some((state) => state !== "hidden")) throw new Error(`hidden tabs are ${states.join(", ")}`);
    });
    return [
      ...checks,
      { what: "views because of it", unit: "", measured: newestEpoch(run.peers) - epoch, most: 0 },
    ];
  },
};

const slow: Row = {
  name: "tabs-slow",
  version: 2,
  what: words(
    (count) =>
      `of ${count} tabs and ${count} programs one tab gets a tenth of its processor: its process stands still for 18 of every 20 ms`,
  ),
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 80, short: 40 },
  async run(chaos) {
    const { each, task } = room(chaos.size, 256);
    const mixed = await startMixed(chaos, { task, each });
    const pid = await busiestTab(mixed.browser);
    return slowedDownBesideTabs(chaos, mixed, () => {
      // Throws where there is none: nobody would be slow.
      process.kill(pid, 0);
      chaos.after(slowDown(signalTo(pid)));
    });
  },
};

function signalTo(pid: number): (signal: NodeJS.Signals) => void {
  return (signal) => {
    try {
      process.kill(pid, signal);
    } catch {
      // The browser is gone.
    }
  };
}

export const tabAwayRows: readonly Row[] = [hidden, slow];
