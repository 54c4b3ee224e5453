/**
 * What loss costs each averaging rule, side by side. The task `noisy` is the one that shows what replicas apart
 * cost (test/labs/loss-task.ts). Real drops of the kernel where this user may have them, else the rootless
 * proxy; it says which.
 */
import { oneOf, wholeNumber } from "../peer-node/cli-options.ts";
import { dropCauses } from "../shared/core/drops.ts";
import type { AveragingName } from "../shared/core/task.ts";
import { createKernelLab } from "../test/labs/kernel.ts";
import { lossTask, noisyTask } from "../test/labs/loss-task.ts";
import { disagreement, runTraining } from "../test/labs/run-figures.ts";
import type { RunFigures } from "../test/labs/run-figures.ts";
import { kernelSite, proxySite } from "../test/labs/training-run.ts";
import { needsKernelLab } from "../test/needs.ts";
import { keep, readOptions, resultFile, shares, someOf } from "./options.ts";

const ruleNames = ["rps", "gradient", "reliable", "running-sums"] as const;
const { values } = readOptions({
  what: "what does loss cost each averaging rule?",
  options: {
    task: oneOf(["usual", "noisy"], "what is learned (default: usual)"),
    rounds: wholeNumber("N", "how long (default: the task's)", { min: 2, max: 1_000_000 }),
    peers: wholeNumber("N", "how many (default: 4)", { min: 2, max: 32 }),
    drops: shares("shares of packets lost (default: 0,0.01,0.05,0.1,0.2)", 0.9),
    rules: someOf(ruleNames, "which rules"),
    json: resultFile(),
  },
});
const {
  rounds,
  json,
  peers = 4,
  drops = [0, 0.01, 0.05, 0.1, 0.2],
  rules = ["rps", "gradient", "reliable"],
  task: kind = "usual",
} = values;
const makeTask = kind === "noisy" ? noisyTask : lossTask;

interface Row {
  readonly averaging: AveragingName;
  readonly drop: number;
  /** Why there are no figures. */
  readonly failed?: string;
  readonly figures?: RunFigures;
}

/** Reliable averaging at 20 % may take hours: what it did not reach is a result, too. */
const timeLimitMs = 300_000;

const taskOf = (averaging: AveragingName) =>
  makeTask({ averaging, peers, ...(rounds !== undefined && { rounds }) });

type Measure = (averaging: AveragingName, drop: number) => Promise<RunFigures>;

async function withLab(run: (lab: string, measure: Measure) => Promise<void>): Promise<void> {
  const reason = needsKernelLab();
  if (reason) {
    return run(`rootless proxy (${reason})`, (averaging, drop) =>
      runTraining({
        site: proxySite(drop),
        task: taskOf(averaging),
        peers,
        timeLimitMs,
      }),
    );
  }
  const lab = await createKernelLab({ peers });
  try {
    await run("kernel (network namespaces, iptables)", (averaging, drop) => {
      lab.drop(0);
      const task = taskOf(averaging);
      const onTraining = () => lab.drop(drop);
      return runTraining({ site: kernelSite(lab), task, peers, timeLimitMs, onTraining });
    });
  } finally {
    await lab.close();
  }
}

async function measureRow(measure: Measure, averaging: AveragingName, drop: number): Promise<Row> {
  try {
    return { averaging, drop, figures: await measure(averaging, drop) };
  } catch (error) {
    return { averaging, drop, failed: error instanceof Error ? error.message : String(error) };
  }
}

const columns = [
  "rule",
  "drop",
  "accuracy",
  "loss",
  "apart",
  "round p50 ms",
  "p99 ms",
  "cycle ms",
  "delivered",
  "averaged",
  ...dropCauses,
];

function cells({ averaging, drop, figures, failed }: Row): readonly string[] {
  const start = [averaging, `${drop * 100} %`];
  if (!figures) return [...start, failed ?? ""];
  return [
    ...start,
    figures.accuracy.toFixed(4),
    figures.loss.toFixed(4),
    disagreement(figures).toExponential(0),
    figures.roundMsP50.toFixed(0),
    figures.roundMsP99.toFixed(0),
    figures.cycleMs.toFixed(0),
    figures.deliveredShare.toFixed(4),
    figures.averagedShare.toFixed(3),
    ...dropCauses.map((cause) => String(figures.drops[cause])),
  ];
}

function print(row: readonly string[]): void {
  console.log(`| ${row.map((cell, at) => cell.padStart(columns[at]?.length ?? 0)).join(" | ")} |`);
}

await withLab(async (lab, measure) => {
  const task = taskOf("rps");
  console.log(`${task.name} (${kind}), ${peers} peers, ${task.rounds} rounds, lab: ${lab}\n`);
  print(columns);
  print(columns.map((name) => "-".repeat(name.length)));
  const rows: Row[] = [];
  for (const averaging of rules) {
    for (const drop of drops) {
      const row = await measureRow(measure, averaging, drop);
      rows.push(row);
      print(cells(row));
    }
  }
  const report = { lab, task: kind, peers, rounds: task.rounds, node: process.version, rows };
  keep(json, `${JSON.stringify(report, null, 2)}\n`);
});
