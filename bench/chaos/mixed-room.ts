/** Rooms in which tabs of real Chromium and programs train together, and what the server says of the tabs. */
import type { Browser } from "playwright-core";
import * as v from "valibot";
import { launchChromium, openPage } from "../../test/browser/chromium.ts";
import { joinWithHideableTab, withThrottling } from "../../test/browser/hideable-tab.ts";
import type { HideableTab } from "../../test/browser/hideable-tab.ts";
import { joinWithTab } from "../../test/browser/real-tab.ts";
import type { RealTab } from "../../test/browser/real-tab.ts";
import type { KernelLab } from "../../test/labs/kernel.ts";
import { pause } from "../../test/labs/real-time.ts";
import type { TrainingRun } from "../../test/labs/training-run.ts";
import type { Task } from "../../shared/core/task.ts";
import type { Chaos, Check } from "./row.ts";
import { now, warmedUp } from "./watching.ts";

/** Contexts do not hear each other's `.local` names. */
const args = [
  "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
];
/** Chromium wakes the timers of a page that was hidden for 5 minutes once a minute; here 5 seconds do. */
const soonThrottled = ["--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5"];

export interface Mixed<Tab> {
  readonly run: TrainingRun;
  readonly browser: Browser;
  readonly tabs: readonly Tab[];
  readonly status: ReadStatus;
}

/** The server's `/api/status`. */
export type ReadStatus = () => Promise<unknown>;

/**
 * As many tabs as programs, which train by now.
 * @param lab with a node for each program, and one more in which the browser is
 */
export async function startMixed(
  chaos: Chaos,
  options: { readonly task: Task; readonly each: number; readonly lab?: KernelLab },
): Promise<Mixed<RealTab>> {
  const { lab, each } = options;
  const browser = await launchChromium(chaos, { args, namespace: lab?.namespace(each) });
  const room = await train(chaos, options, (address) => joinWithTab(browser, address));
  const { page } = await openPage(browser, `${room.run.url}/api/status`);
  // By a page, because the browser is in the server's network.
  const status = () => page.evaluate<unknown>("fetch('/api/status').then((answer) => answer.json())");
  return { browser, status, ...room };
}

/** The same with tabs that can be hidden, and are treated by the browser as hidden ones are. */
export async function startHideable(
  chaos: Chaos,
  options: { readonly task: Task; readonly each: number },
): Promise<Mixed<HideableTab>> {
  const browser = await launchChromium(chaos, { args: [...args, ...soonThrottled], without: withThrottling });
  const room = await train(chaos, options, (address) => joinWithHideableTab(browser, address));
  const status = async () => (await fetch(`${room.run.url}/api/status`)).json() as Promise<unknown>;
  return { browser, status, ...room };
}

async function train<Tab>(
  chaos: Chaos,
  { task, each, lab }: Parameters<typeof startMixed>[1],
  join: (address: string) => Promise<Tab>,
): Promise<Pick<Mixed<Tab>, "run" | "tabs">> {
  const run = await chaos.start({ task, peers: each, ...(lab && { lab }) });
  const address = `${run.url}/join/main`;
  const tabs = await Promise.all(Array.from({ length: each }, () => join(address)));
  await warmedUp(run);
  await pause(1_000 * chaos.rng.float());
  return { run, tabs };
}

const statusSchema = v.object({
  rooms: v.array(
    v.object({
      peers: v.array(
        v.object({
          state: v.string(),
          kind: v.string(),
          member: v.boolean(),
          links: v.array(v.object({ state: v.string() })),
        }),
      ),
    }),
  ),
});

/** In the view, and training by its own report. `links`: that are open, by the same. */
interface TrainingTab {
  readonly links: number;
}

/** As the server has it. */
async function trainingTabs(status: ReadStatus): Promise<readonly TrainingTab[]> {
  const { rooms } = v.parse(statusSchema, await status());
  return rooms
    .flatMap(({ peers }) => peers)
    .filter(({ kind, state, member }) => kind === "browser" && state === "training" && member)
    .map(({ links }) => ({ links: links.filter(({ state }) => state === "open").length }));
}

/** How long after `fromMs` so many tabs train, each linked to `others`. Peers report once a second. */
export async function tabsTrain(
  what: string,
  {
    status,
    tabs,
    others,
    fromMs,
  }: {
    readonly status: ReadStatus;
    readonly tabs: number;
    readonly others: number;
    readonly fromMs: number;
  },
): Promise<Check> {
  const endMs = now() + 30_000;
  const allTrain = async () => {
    const training = await trainingTabs(status);
    return training.filter(({ links }) => links >= others).length >= tabs;
  };
  let isSo = await allTrain();
  while (!isSo && now() < endMs) {
    await pause(100);
    isSo = await allTrain();
  }
  return { what, unit: "s", measured: isSo ? (now() - fromMs) / 1_000 : NaN, most: 10 };
}

/** Accuracy of the worst of the tabs, as their pages show it at the end, against a run without faults. */
export async function accuracyLostByTabs(
  tabs: readonly RealTab[],
  unharmed: number,
  mostMs: number,
): Promise<Check> {
  const shown = await Promise.all(tabs.map((tab) => tab.finished(mostMs).catch(() => NaN)));
  return {
    what: "the same of the worst tab, as its page shows it",
    unit: "points",
    measured: Math.max(...shown.map((accuracy) => 100 * (unharmed - accuracy))),
    most: 0.5,
  };
}

/** Each tab has a process of its own; the one that has worked most is surely one that trains. */
export async function busiestTab(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const tabs = processInfo.filter(({ type }) => type === "renderer");
  const pid = tabs.toSorted((a, b) => b.cpuTime - a.cpuTime)[0]?.id;
  if (pid === undefined) throw new Error("the browser has no tab");
  return pid;
}
