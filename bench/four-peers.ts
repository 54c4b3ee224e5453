/**
 * Two programs and two tabs train ResNet-20 on CIFAR-10 together while packets get lost. With `--out` it keeps,
 * beside the result, what the programs said line by line (.jsonl).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { number, text, wholeNumber } from "../peer-node/cli-options.ts";
import { dataFolder } from "../peer-node/data-place.ts";
import { usageError } from "../peer-node/exit-codes.ts";
import { parseTask } from "../shared/core/task.ts";
import { builtInTasks } from "../shared/training/built-in-tasks.ts";
import { launchChromium } from "../test/browser/chromium.ts";
import { bundled, joinWithTab, shownRound } from "../test/browser/real-tab.ts";
import type { RealTab } from "../test/browser/real-tab.ts";
import { endOf, roundsOf } from "../test/labs/peer-events.ts";
import { proxySite, startTraining } from "../test/labs/training-run.ts";
import type { RunningPeer } from "../test/labs/training-run.ts";
import { keep, readOptions, resultFile } from "./options.ts";

const { values } = readOptions({
  what: "do two programs and two tabs train ResNet-20 on CIFAR-10 together while packets get lost?",
  options: {
    "data-dir": text("DIR", "the folder with the data sets (or SHOAL_DATA; docs/data.md)"),
    rounds: wholeNumber("N", "how long (default: 50)", { min: 2, max: 1_000_000 }),
    loss: number("P", "share of packets lost (default: 0.05)", { min: 0, max: 0.5 }),
    out: resultFile("keep the result there, and the programs' JSON lines beside it"),
  },
});
const { rounds = 50, loss = 0.05, out } = values;
const dataDir = dataFolder(values["data-dir"]);
if (dataDir === undefined) throw usageError("--data-dir (nothing): must be the folder with CIFAR-10");
process.env["SHOAL_DATA"] = dataDir;

const base = builtInTasks["cifar10-resnet20"];
if (!base) throw new Error("cifar10-resnet20 is a built-in task");
const task = parseTask({
  ...base,
  rounds,
  minPeers: 4,
  optimizer: { ...base.optimizer, warmupRounds: Math.min(10, rounds - 1) },
  data: { ...base.data, validationSamples: 200 },
});
const limitMs = 540_000;
/** Between two lines of the log. */
const sayRounds = 10;

const ends: (() => Promise<void> | void)[] = [];
const t = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };
const startedMs = performance.now();
const seconds = () => (performance.now() - startedMs) / 1_000;

try {
  const args = [
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
  ];
  const browser = await launchChromium(t, { args });
  const run = await startTraining(proxySite(loss), task, 2);
  t.after(() => run.close());
  const peerWorker = await bundled("lossy-peer-worker.ts", { LOSS: String(loss) });
  const address = `${run.url}/join/main`;
  const tabs = await Promise.all([1, 2].map(() => joinWithTab(browser, address, { peerWorker })));
  const isOver = new AbortController();
  const saying = sayProgress(run.peers, tabs, isOver.signal);
  const ofTabs = await Promise.all(tabs.map((tab) => tab.finished(limitMs)));
  await run.until("the programs' end", () => run.peers.every(({ events }) => endOf(events)), limitMs);
  isOver.abort();
  await saying;
  const result = {
    task,
    injectedLoss: loss,
    seconds: seconds(),
    tabs: tabs.map(({ faults }, index) => ({ accuracy: ofTabs[index], faults })),
    programs: run.peers.map(({ events }) => endOf(events)),
  };
  // Notices are for who runs a program: they name its folders.
  const lines = run.peers.flatMap(({ events }, program) =>
    events
      .filter(({ event }) => event !== "notice")
      .map((event) => JSON.stringify({ program: program + 1, ...event })),
  );
  keep(out, `${JSON.stringify(result, null, 2)}\n`);
  keep(out?.replace(/\.json$/, ".jsonl"), `${lines.join("\n")}\n`);
  for (const [index, end] of result.programs.entries())
    console.log(`program ${index + 1}: sent ${end?.sent}, received ${end?.received}, ${dropped(end?.drops)}`);
  console.log(JSON.stringify({ seconds: result.seconds, tabs: result.tabs, programs: result.programs }));
} finally {
  for (const end of ends) await end();
}

/** A line whenever the slowest program has done some more rounds. */
async function sayProgress(
  programs: readonly RunningPeer[],
  tabs: readonly RealTab[],
  signal: AbortSignal,
): Promise<void> {
  for (let said = 0; ; await sleep(100)) {
    const done = programs.map(({ events }) => roundsOf(events).length);
    if (Math.min(...done) >= said + sayRounds) {
      said = Math.floor(Math.min(...done) / sayRounds) * sayRounds;
      const inTabs = await Promise.all(tabs.map(({ page }) => shownRound(page).catch(() => NaN)));
      console.log(
        `${seconds().toFixed(0)} s: programs ${done.join(", ")} rounds, tabs at ${inTabs.join(", ")}; ` +
          latest(programs),
      );
    }
    if (signal.aborted) return;
  }
}

/** Means over the programs' latest rounds. */
function latest(programs: readonly RunningPeer[]): string {
  const last = programs.flatMap(({ events }) => roundsOf(events).slice(-sayRounds));
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, it) => sum + it, 0) / numbers.length;
  const trainLoss = mean(last.map((round) => round.loss ?? NaN));
  const averaged = mean(last.map((round) => round.averaged / round.fragments));
  const ms = mean(last.map(({ roundMs }) => roundMs));
  return `loss ${trainLoss.toFixed(3)}, averaging ${ms.toFixed(0)} ms, ${(100 * averaged).toFixed(1)} % averaged`;
}

function dropped(drops: Readonly<Record<string, number>> = {}): string {
  return Object.entries(drops)
    .map(([cause, count]) => `${cause} ${count}`)
    .join(", ");
}
