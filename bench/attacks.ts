/**
 * What liars do to a training, in the simulator: 16 round machines with their packets, the small learner on glyphs,
 * some members lying in each way that there is (shared/simulation/liars.ts); and what doubting everybody costs where
 * nobody lies, in accuracy and in the time of an averaging.
 */
import { flag, wholeNumber } from "../peer-node/cli-options.ts";
import { robustKinds, robustOf } from "../shared/core/robust-setting.ts";
import type { RobustSetting } from "../shared/core/robust-setting.ts";
import { createRng, mix } from "../shared/core/rng.ts";
import { attack } from "../shared/simulation/attack.ts";
import type { AttackOptions, AttackResult } from "../shared/simulation/attack.ts";
import { mean, quantile } from "../shared/simulation/figures.ts";
import { createGroup } from "../shared/simulation/group.ts";
import { lies } from "../shared/simulation/liars.ts";
import type { Lie } from "../shared/simulation/liars.ts";
import { keep, readOptions, resultFile, shares, someOf } from "./options.ts";

const { values: options } = readOptions({
  what: "what do liars among 16 peers do to a training, and what does it cost to be safe from them?",
  options: {
    rules: someOf(robustKinds, "which; centered-clip is the one to take"),
    shares: shares("what trimmed-mean leaves out at each end (default: 1/3)", 0.49),
    audits: shares("of fragments audited (default: 0.1)", 1),
    lies: someOf(lies, "which"),
    liars: someOf(["1", "3", "5"], "how many of the 16"),
    calm: flag("no liars: only what it costs to be safe from them"),
    rounds: wholeNumber("N", "how long (default: 300)", { min: 50, max: 100_000 }),
    seeds: wholeNumber("N", "runs of each (default: 1)", { min: 1, max: 100 }),
    "first-seed": wholeNumber("N", "of the first run (default: 1)", { min: 1, max: 1_000_000 }),
    timed: wholeNumber("N", "rounds that are timed (default: 15)", { min: 3, max: 1_000 }),
    out: resultFile(),
  },
});
const { rounds = 300, seeds = 1, timed = 15, calm: isCalm = false, out } = options;
const firstSeed = options["first-seed"] ?? 1;
const ofKinds = (options.rules ?? robustKinds).flatMap((kind): readonly RobustSetting[] =>
  kind === "trimmed-mean" && options.shares
    ? options.shares.map((share) => ({ ...robustOf(kind), kind, share }))
    : [robustOf(kind)],
);
const settings = ofKinds.flatMap((setting) =>
  (options.audits ?? [setting.audit]).map((audit) => ({ ...setting, audit })),
);
const base = { peers: 16, rounds, loss: 0.01 };

interface Case {
  readonly lie?: Lie;
  readonly liars: number;
  /** Of the accuracy without liars and with the mean. */
  readonly bar: number;
}
const allCases: readonly Case[] = [
  { lie: "not-finite", liars: 1, bar: 0.98 },
  { lie: "huge", liars: 1, bar: 0.98 },
  { lie: "sign-flip", liars: 1, bar: 0.98 },
  { lie: "sign-flip-owner", liars: 1, bar: 0.98 },
  { lie: "noisy-owner", liars: 1, bar: 0.98 },
  { lie: "zero-owner", liars: 1, bar: 0.98 },
  { lie: "stale", liars: 1, bar: 0.98 },
  { lie: "of-others", liars: 1, bar: 0.98 },
  { lie: "much-weight", liars: 1, bar: 0.98 },
  { lie: "dictator", liars: 1, bar: 0.98 },
  { lie: "dictator", liars: 3, bar: 0.95 },
  { lie: "sign-flip", liars: 3, bar: 0.95 },
  { lie: "sign-flip-owner", liars: 3, bar: 0.95 },
  { lie: "sign-flip", liars: 5, bar: 0.9 },
  { lie: "sign-flip-owner", liars: 5, bar: 0.9 },
];
const cases = isCalm
  ? []
  : allCases.filter(
      ({ lie, liars }) =>
        (!options.lies || (lie && options.lies.includes(lie))) &&
        (!options.liars || options.liars.some((count) => Number(count) === liars)),
    );

function figures(more: Omit<AttackOptions, "seed" | keyof typeof base>): AttackResult {
  const runs = Array.from({ length: seeds }, (_, seed) =>
    attack({ ...base, ...more, seed: firstSeed + seed }),
  );
  return {
    accuracy: mean(runs.map(({ accuracy }) => accuracy)),
    worst: Math.min(...runs.map(({ worst }) => worst)),
    muted: mean(runs.map(({ muted }) => muted)),
    mutedHonest: mean(runs.map(({ mutedHonest }) => mutedHonest)),
  };
}

/** Milliseconds of one averaging of a ResNet-20 by one of 16 peers, all of its work and nothing but that. */
function timeOf(robust: RobustSetting | undefined): number {
  const members = 16;
  const valueCount = 272_474;
  const group = createGroup({ members, seed: 1, valueCount, ...(robust && { robust }) });
  const rng = createRng(1);
  const common = Float32Array.from({ length: valueCount }, () => rng.normal());
  const vectors = Array.from({ length: members }, (_, seat) => {
    const own = createRng(mix(1, seat));
    return common.map((value) => value + 0.01 * own.float());
  });
  const times = Array.from({ length: timed }, (_, round) => {
    const from = process.cpuUsage();
    group.average(round, vectors);
    const { user, system } = process.cpuUsage(from);
    const ms = (user + system) / 1_000 / members;
    group.drain();
    return ms;
  });
  return quantile(times.slice(2), 0.5);
}

function nameOf(setting: RobustSetting): string {
  const name = setting.kind === "trimmed-mean" ? `trimmed-mean ${setting.share.toFixed(3)}` : setting.kind;
  return options.audits ? `${name}, audit ${setting.audit}` : name;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const clean = figures({});
const meanMs = timeOf(undefined);
console.log(
  `clean, the mean: accuracy ${percent(clean.accuracy)}; an averaging of ResNet-20 takes ${meanMs.toFixed(1)} ms of a peer's processor\n`,
);
console.log(
  "| rule | liars | lie | of clean | worst peer | bar | muted by | honest muted |\n|---|---|---|---|---|---|---|---|",
);
const rows = [];
if (!isCalm) {
  const lie = "sign-flip-owner";
  const result = figures({ lie, liars: 1 });
  rows.push({ rule: "mean", lie, liars: 1, ...result, ofClean: result.accuracy / clean.accuracy });
  console.log(line("mean", lie, 1, result, 0));
}
const costs = [];
for (const robust of settings) {
  const name = nameOf(robust);
  const calm = figures({ robust });
  const ms = timeOf(robust);
  costs.push({ rule: name, ...calm, points: 100 * (clean.accuracy - calm.accuracy), averagingMs: ms });
  console.log(line(name, undefined, 0, calm, 1 - 0.005 / clean.accuracy));
  for (const { lie, liars, bar } of cases) {
    const result = figures({ robust, liars, ...(lie && { lie }) });
    rows.push({ rule: name, lie, liars, ...result, ofClean: result.accuracy / clean.accuracy, bar });
    console.log(line(name, lie, liars, result, bar));
  }
}
console.log(
  "\n| rule | points that it costs without liars | ms of an averaging (mean: " +
    meanMs.toFixed(1) +
    ") |\n|---|---|---|",
);
for (const { rule, points, averagingMs } of costs)
  console.log(`| ${rule} | ${points.toFixed(2)} | ${averagingMs.toFixed(1)} |`);
keep(
  out,
  `${JSON.stringify({ options: { ...base, firstSeed, seeds }, clean, averagingMs: meanMs, costs, rows }, null, 2)}\n`,
);

function line(rule: string, lie: Lie | undefined, liars: number, result: AttackResult, bar: number): string {
  const share = result.accuracy / clean.accuracy;
  const verdict = bar === 0 ? "" : `${percent(bar)}${share >= bar ? "" : " **missed**"}`;
  const { muted, mutedHonest } = result;
  const honest = `${muted} of ${base.peers - liars}`;
  return `| ${[rule, liars, lie ?? "none", percent(share), percent(result.worst / clean.accuracy), verdict, honest, mutedHonest].join(" | ")} |`;
}
