/**
 * Four tabs of Chromium and four programs train together: half of them go at once, two stand still, the server
 * dies, somebody hostile comes.
 */
import { pause } from "../../../test/labs/real-time.ts";
import { accuracyLostByTabs, busiestTab, startMixed, tabsTrain } from "../mixed-room.ts";
import type { Chaos, Check, Row } from "../row.ts";
import { endlessTask, finishingTask } from "../tasks.ts";
import {
  accuracyLost,
  becomes,
  epochOf,
  longestWait,
  newestEpoch,
  now,
  outOfView,
  roundsLost,
} from "../watching.ts";
import { mutatedPackets } from "./hostile.ts";

/** Of each kind. */
const each = 4;
const limitMs = 240_000;

/** A training that finishes, and what it comes to without faults. */
async function startToTheEnd(chaos: Chaos) {
  const task = finishingTask(chaos.size, { rounds: { full: 600, short: 200 }, minPeers: 2 * each });
  const unharmed = await chaos.unharmed(task, 2 * each);
  return { unharmed, ...(await startMixed(chaos, { task, each })) };
}

const killWords =
  "of 4 tabs and 4 programs one tab crashes, one is closed and two programs get SIGKILL, all at once";

const killed: Row = {
  name: "tabs-kill-half",
  what: { full: killWords, short: killWords },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 90, short: 60 },
  async run(chaos) {
    const { unharmed, run, tabs } = await startToTheEnd(chaos);
    const [crashes, closes, ...left] = tabs;
    const [epoch, atMs] = [newestEpoch(run.peers), now()];
    for (const { child } of run.peers.slice(0, 2)) child.kill("SIGKILL");
    void crashes?.page.goto("chrome://crash").catch(() => undefined);
    void closes?.page.close();
    const survivors = run.peers.slice(2);
    const out = await outOfView(survivors, epoch, atMs);
    const accuracy = await accuracyLost(survivors, unharmed, limitMs);
    const ofTabs = await accuracyLostByTabs(left, unharmed, limitMs);
    return [out, longestWait(survivors, atMs), accuracy, ofTabs];
  },
};

const stopWords = (seconds: number) =>
  `of 4 tabs and 4 programs, one tab's process and one program get SIGSTOP for ${seconds} s`;

const stopped: Row = {
  name: "tabs-stop",
  version: 2,
  what: { full: stopWords(60), short: stopWords(13) },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 110, short: 60 },
  async run(chaos) {
    const { run, browser, status } = await startMixed(chaos, { task: endlessTask(2 * each), each });
    const [victim, ...survivors] = run.peers;
    const pids = [await busiestTab(browser), victim?.child.pid].filter((pid) => pid !== undefined);
    const signal = (name: NodeJS.Signals) => pids.forEach((pid) => process.kill(pid, name));
    const [epoch, atMs] = [newestEpoch(run.peers), now()];
    signal("SIGSTOP");
    const out = await outOfView(survivors, epoch, atMs);
    await pause(Math.max(0, atMs + (chaos.size === "full" ? 60_000 : 13_000) - now()));
    const [goneEpoch, backMs] = [newestEpoch(survivors), now()];
    signal("SIGCONT");
    const isBack = () => run.peers.every((peer) => epochOf(peer) > goneEpoch);
    const all = { status, tabs: each, others: 2 * each - 1, fromMs: backMs };
    const [programMs, tab] = await Promise.all([
      becomes(isBack, 30_000),
      tabsTrain("the tab trains again, linked to everybody", all),
    ]);
    const program: Check = {
      what: "the program trains again after SIGCONT",
      unit: "s",
      measured: (programMs - backMs) / 1_000,
      most: 10,
    };
    return [out, longestWait(survivors, atMs), program, tab];
  },
};

const awayWords = (seconds: number) =>
  `of 4 tabs and 4 programs, the signaling server gets SIGKILL; another one, which knows nothing, takes its place after ${seconds} s`;

const serverAway: Row = {
  name: "tabs-server-away",
  version: 3,
  what: { full: awayWords(60), short: awayWords(10) },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 110, short: 60 },
  async run(chaos) {
    const { run, status } = await startMixed(chaos, { task: endlessTask(2 * each), each });
    const [epoch, atMs] = [newestEpoch(run.peers), now()];
    await run.killServer();
    await pause(chaos.size === "full" ? 60_000 : 10_000);
    await run.restartServer();
    const listeningMs = now();
    const agree = () =>
      run.peers.every((peer) => epochOf(peer) > epoch) && new Set(run.peers.map(epochOf)).size === 1;
    const agreedMs = await becomes(agree, 30_000);
    const all = { status, tabs: each, others: 2 * each - 1, fromMs: listeningMs };
    return [
      {
        what: "rounds lost until views agree again, by the programs",
        unit: "",
        measured: roundsLost(run.peers, atMs, agreedMs),
        most: 0,
      },
      longestWait(run.peers, atMs),
      {
        what: "views agree after its return, by the programs",
        unit: "s",
        measured: (agreedMs - listeningMs) / 1_000,
        most: 10,
      },
      await tabsTrain("all tabs train in its room after, linked to everybody", all),
    ];
  },
};

const goneWords =
  "of 4 tabs and 4 programs, the signaling server gets SIGKILL for ever, early in the training";

const serverGone: Row = {
  name: "tabs-server-gone",
  what: { full: goneWords, short: goneWords },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 90, short: 60 },
  async run(chaos) {
    const { unharmed, run, tabs } = await startToTheEnd(chaos);
    const atMs = now();
    await run.killServer();
    const accuracy = await accuracyLost(run.peers, unharmed, limitMs);
    const lost = roundsLost(run.peers, atMs, now());
    const ofTabs = await accuracyLostByTabs(tabs, unharmed, limitMs);
    return [
      { what: "rounds lost after it, by the programs", unit: "", measured: lost, most: 0 },
      longestWait(run.peers, atMs),
      accuracy,
      ofTabs,
    ];
  },
};

const hostileWords = (forHowLong: string) =>
  `one sends mutated packets to all of 4 tabs and 4 programs until they close its links, and is back under another key every 2 s, for ${forHowLong}`;

const mutated: Row = {
  name: "tabs-mutated",
  version: 4,
  what: { full: hostileWords("a minute"), short: hostileWords("10 s") },
  needs: "Chromium",
  repeats: { full: 3, short: 1 },
  seconds: { full: 200, short: 55 },
  async run(chaos) {
    const { run, status } = await startMixed(chaos, { task: endlessTask(2 * each), each });
    const checks = await mutatedPackets(chaos, { run, all: 2 * each });
    const all = { status, tabs: each, others: 2 * each - 1, fromMs: now() };
    return [...checks, await tabsTrain("all tabs train when it is over, linked to everybody", all)];
  },
};

export const tabRows: readonly Row[] = [killed, stopped, serverAway, serverGone, mutated];
