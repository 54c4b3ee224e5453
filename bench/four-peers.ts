/**
 * Two programs and two tabs train ResNet-20 on CIFAR-10 together while packets get lost.
 * `node dist/bench/four-peers.js --data-dir DIR [--rounds 50] [--loss 0.05] [--out docs/results/four-peers.json]`
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseTask } from "../shared/core/task.ts";
import { builtInTasks } from "../shared/training/built-in-tasks.ts";
import { launchChromium } from "../test/browser/chromium.ts";
import { bundled, joinWithTab } from "../test/browser/real-tab.ts";
import { endOf } from "../test/labs/peer-events.ts";
import { proxySite, startTraining } from "../test/labs/training-run.ts";

const { values } = parseArgs({
  options: {
    "data-dir": { type: "string" },
    rounds: { type: "string", default: "50" },
    loss: { type: "string", default: "0.05" },
    out: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const loss = Number(values.loss);
const dataDir = values["data-dir"] ?? process.env["SHOAL_DATA"];
if (!Number.isInteger(rounds) || rounds < 1 || !(loss >= 0 && loss <= 0.5) || dataDir === undefined) {
  console.error(
    "--rounds takes a whole number, --loss a share up to 0.5, --data-dir the folder with the data",
  );
  process.exit(2);
}
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

const ends: (() => Promise<void> | void)[] = [];
const t = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };

try {
  const args = [
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
  ];
  const browser = await launchChromium(t, { args });
  const run = await startTraining(proxySite(loss), task, 2);
  t.after(() => run.close());
  const peerWorker = await bundled("lossy-peer-worker.ts", { LOSS: String(loss) });
  const address = `${run.url}/join/main`;
  const started = performance.now();
  const tabs = await Promise.all([1, 2].map(() => joinWithTab(browser, address, { peerWorker })));
  const progress = setInterval(() => {
    const done = run.peers.map(({ events }) => events.filter(({ event }) => event === "round").length);
    console.log(
      `${((performance.now() - started) / 1_000).toFixed(0)} s: the programs did ${done.join(", ")} rounds`,
    );
  }, 10_000);
  t.after(() => clearInterval(progress));
  const ofTabs = await Promise.all(tabs.map((tab) => tab.finished(limitMs)));
  await run.until("the programs' end", () => run.peers.every(({ events }) => endOf(events)), limitMs);
  const result = {
    task,
    injectedLoss: loss,
    seconds: (performance.now() - started) / 1_000,
    tabs: tabs.map(({ faults }, index) => ({ accuracy: ofTabs[index], faults })),
    programs: run.peers.map(({ events }) => endOf(events)),
  };
  if (values.out) writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify({ seconds: result.seconds, tabs: result.tabs, programs: result.programs }));
} finally {
  for (const end of ends) await end();
}
