/** Tabs whose links go dark, which nobody looks at, or whose processor is slow, in a room with programs. */
import { pause } from "../../../test/labs/real-time.ts";
import { busiestTab, startHideable, startMixed, tabsTrain } from "../mixed-room.ts";
import { slowDown } from "../pace.ts";
import type { Row, Size } from "../row.ts";
import { slowedDownBesideTabs } from "../tabs-go-on.ts";
import { endlessTask } from "../tasks.ts";
import { longestWait, newestEpoch, now, wholeAgain } from "../watching.ts";

const countOf = { full: 4, short: 2 } as const;
const words = (of: (count: number) => string) => ({ full: of(countOf.full), short: of(countOf.short) });
const room = (size: Size, samplesPerRound?: number) => {
  const each = countOf[size];
  return { each, task: endlessTask(2 * each, samplesPerRound === undefined ? {} : { samplesPerRound }) };
};

const allDark: Row = {
  name: "tabs-all-dark-10",
  what: words(
    (count) =>
      `all links between ${count} tabs and ${count} programs are dark for 10 s; the server is still reached`,
  ),
  needs: "kernel lab",
  repeats: { full: 3, short: 1 },
  seconds: { full: 60, short: 45 },
  async run(chaos) {
    const { each, task } = room(chaos.size);
    const lab = await chaos.openLab(each + 1);
    const { run, status } = await startMixed(chaos, { task, each, lab });
    const linked = { status, tabs: each, others: 2 * each - 1 };
    const before = await tabsTrain("before", { ...linked, fromMs: now() });
    if (Number.isNaN(before.measured)) throw new Error("the tabs were never linked to everybody");
    const atMs = now();
    // The last node has all the tabs: their links to each other go from its address to its address.
    const nodes = Array.from({ length: each + 1 }, (_, node) => node);
    const pairs = nodes.flatMap((a) => nodes.filter((b) => b > a || b === each).map((b) => [a, b] as const));
    const mends = pairs.map(([a, b]) => lab.sever(a, b, "udp"));
    await pause(10_000);
    for (const mend of mends) mend();
    const backMs = now();
    const [whole, tabs] = await Promise.all([
      wholeAgain(run.peers, backMs),
      tabsTrain("all tabs train, linked to everybody", { ...linked, fromMs: backMs }),
    ]);
    return [
      {
        what: "one view and whole rounds again, after the network is back, by the programs",
        unit: "s",
        measured: whole,
        most: 10,
      },
      tabs,
      longestWait(run.peers, atMs),
    ];
  },
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

export const tabAwayRows: readonly Row[] = [allDark, hidden, slow];
