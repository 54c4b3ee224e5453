/** Four tabs of Chromium and four programs train together: half of them go at once, or the server does. */
import type { Browser } from "playwright-core";
import * as v from "valibot";
import { launchChromium } from "../../../test/browser/chromium.ts";
import { joinWithTab } from "../../../test/browser/real-tab.ts";
import type { RealTab } from "../../../test/browser/real-tab.ts";
import { pause } from "../../../test/labs/real-time.ts";
import type { RunningPeer, TrainingRun } from "../../../test/labs/training-run.ts";
import type { Task } from "../../../shared/core/task.ts";
import type { Chaos, Check, Row } from "../row.ts";
import { endlessTask, finishingTask } from "../tasks.ts";
import {
  accuracyLost,
  becomes,
  epochOf,
  longestWait,
  now,
  outOfView,
  roundsLost,
  warmedUp,
} from "../watching.ts";

/** Of each kind. */
const count = 4;
const limitMs = 240_000;

/** Contexts do not hear each other's `.local` names. */
const args = [
  "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
];

interface Mixed {
  readonly run: TrainingRun;
  readonly browser: Browser;
  readonly tabs: readonly RealTab[];
}

async function start(chaos: Chaos, task: Task): Promise<Mixed> {
  const browser = await launchChromium(chaos, { args });
  const run = await chaos.start({ task, peers: count });
  const address = `${run.url}/join/main`;
  const tabs = await Promise.all(Array.from({ length: count }, () => joinWithTab(browser, address)));
  await warmedUp(run);
  await pause(1_000 * chaos.rng.float());
  return { run, browser, tabs };
}

const newestEpoch = (peers: readonly RunningPeer[]) => Math.max(...peers.map(epochOf));

const killWords =
  "of 4 tabs and 4 programs one tab crashes, one is closed and two programs get SIGKILL, all at once";

const killed: Row = {
  name: "tabs-kill-half",
  what: { full: killWords, short: killWords },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 90, short: 60 },
  async run(chaos) {
    const task = finishingTask(chaos.size, { rounds: { full: 600, short: 200 }, minPeers: 2 * count });
    const unharmed = await chaos.unharmed(task, 2 * count);
    const { run, tabs } = await start(chaos, task);
    const [crashes, closes, ...left] = tabs;
    const [epoch, atMs] = [newestEpoch(run.peers), now()];
    for (const { child } of run.peers.slice(0, 2)) child.kill("SIGKILL");
    void crashes?.page.goto("chrome://crash").catch(() => undefined);
    void closes?.page.close();
    const survivors = run.peers.slice(2);
    const out = await outOfView(survivors, epoch, atMs);
    const accuracy = await accuracyLost(survivors, unharmed, limitMs);
    const ofTabs = await Promise.all(left.map((tab) => tab.finished(limitMs).catch(() => NaN)));
    const ofTab: Check = {
      what: "the same of the worst tab, as its page shows it",
      unit: "points",
      measured: Math.max(...ofTabs.map((shown) => 100 * (unharmed - shown))),
      most: 0.5,
    };
    return [out, longestWait(survivors, atMs), accuracy, ofTab];
  },
};

const stopWords = "of 4 tabs and 4 programs, one tab's process and one program get SIGSTOP for 13 s";

const stopped: Row = {
  name: "tabs-stop",
  what: { full: stopWords, short: stopWords },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 60, short: 60 },
  async run(chaos) {
    const { run, browser } = await start(chaos, endlessTask(2 * count));
    const [victim, ...survivors] = run.peers;
    const pids = [await busiestTab(browser), victim?.child.pid].filter((pid) => pid !== undefined);
    const signal = (name: NodeJS.Signals) => pids.forEach((pid) => process.kill(pid, name));
    const [epoch, atMs] = [newestEpoch(run.peers), now()];
    signal("SIGSTOP");
    const out = await outOfView(survivors, epoch, atMs);
    await pause(Math.max(0, atMs + 13_000 - now()));
    const [goneEpoch, backMs] = [newestEpoch(survivors), now()];
    signal("SIGCONT");
    const isBack = () => run.peers.every((peer) => epochOf(peer) > goneEpoch);
    const back: Check = {
      what: "the program trains again after SIGCONT",
      unit: "s",
      measured: ((await becomes(isBack, 30_000)) - backMs) / 1_000,
      most: 10,
    };
    return [out, longestWait(survivors, atMs), back];
  },
};

const awayWords = (seconds: number) =>
  `of 4 tabs and 4 programs, the signaling server gets SIGKILL; another one, which knows nothing, takes its place after ${seconds} s`;

const statusSchema = v.object({
  rooms: v.array(v.object({ peers: v.array(v.object({ state: v.string(), kind: v.string() })) })),
});

/** As the server has it. */
async function trainingTabs(url: string): Promise<number> {
  const { rooms } = v.parse(statusSchema, await (await fetch(`${url}/api/status`)).json());
  const trainers = rooms.flatMap(({ peers }) => peers).filter(({ state }) => state === "training");
  return trainers.filter(({ kind }) => kind === "browser").length;
}

const serverAway: Row = {
  name: "tabs-server-away",
  what: { full: awayWords(60), short: awayWords(10) },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 110, short: 60 },
  async run(chaos) {
    const { run } = await start(chaos, endlessTask(2 * count));
    const [epoch, atMs] = [newestEpoch(run.peers), now()];
    await run.killServer();
    await pause(chaos.size === "full" ? 60_000 : 10_000);
    const backMs = now();
    const lost = roundsLost(run.peers, atMs, backMs);
    await run.restartServer();
    const listeningMs = now();
    const agree = () =>
      run.peers.every((peer) => epochOf(peer) > epoch) && new Set(run.peers.map(epochOf)).size === 1;
    const agreedMs = await becomes(agree, 30_000);
    let back = 0;
    const endMs = now() + 20_000;
    while (back < count && now() < endMs) {
      back = await trainingTabs(run.url);
      await pause(100);
    }
    return [
      { what: "rounds lost while it was away, by the programs", unit: "", measured: lost, most: 0 },
      longestWait(run.peers, atMs),
      {
        what: "views agree after its return, by the programs",
        unit: "s",
        measured: (agreedMs - listeningMs) / 1_000,
        most: 10,
      },
      {
        what: "all tabs train in its room after",
        unit: "s",
        measured: back < count ? NaN : (now() - listeningMs) / 1_000,
        most: 10,
      },
    ];
  },
};

/** Each tab has a process of its own; the one that has worked most is surely one that trains. */
async function busiestTab(browser: Browser): Promise<number | undefined> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const tabs = processInfo.filter(({ type }) => type === "renderer");
  return tabs.toSorted((a, b) => b.cpuTime - a.cpuTime)[0]?.id;
}

export const tabRows: readonly Row[] = [killed, stopped, serverAway];
