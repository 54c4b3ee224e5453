/**
 * Where each rule breaks: up to one half lost, one by one, in bursts, and with whole workers that are away for
 * some rounds, on shards that are alike and on shards whose classes are mixed by Dirichlet(0.3). A small CNN
 * on MNIST, 16 workers, plain SGD; its fragments are small, so that a block has as many as a larger model's.
 */
import type { AveragingName } from "../../../shared/core/task.ts";
import { mean } from "../../../shared/simulation/figures.ts";
import { colours, linePlot, panels } from "../../line-plot.ts";
import type { RunSpec } from "../run-spec.ts";
import type { RunResult } from "../run-result.ts";
import { mnistTask, mnistValuesPerFragment } from "../tasks.ts";
import type { ShardKind } from "../tasks.ts";
import type { Figure, Size } from "./figure.ts";

interface Rule {
  readonly name: string;
  readonly averaging: AveragingName;
  readonly parity: number;
  /** In place of the extent's. */
  readonly drops?: readonly number[];
}

/** What is lost together. */
type Network = "packets" | "bursts" | "workers";

interface Extent {
  readonly rules: readonly Rule[];
  readonly drops: readonly number[];
  readonly networks: readonly Network[];
  readonly splits: readonly ShardKind[];
  readonly seeds: readonly number[];
  readonly workers: number;
  readonly rounds: number;
}

const rps: Rule = { name: "rps", averaging: "rps", parity: 0 };
const sums: Rule = { name: "running-sums", averaging: "running-sums", parity: 0 };
const gradients: Rule = { name: "gradient", averaging: "gradient", parity: 0 };
const rules = [rps, { name: "rps, 25 % parity", averaging: "rps", parity: 0.25 } as const, sums, gradients];

const usual = {
  rules,
  drops: [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5],
  networks: ["packets", "bursts", "workers"],
  splits: ["alike", "apart"],
  workers: 16,
} as const;
const extents: Readonly<Record<Size, Extent>> = {
  test: {
    ...usual,
    rules: [rps, { ...sums, drops: [0.4] }, { ...gradients, drops: [0.1] }],
    drops: [0.1, 0.4],
    networks: ["packets"],
    splits: ["apart"],
    workers: 8,
    seeds: [1],
    rounds: 40,
  },
  compressed: { ...usual, seeds: [1], rounds: 200 },
  full: { ...usual, seeds: [1, 2, 3], rounds: 1_000 },
};

export interface SweepRow {
  readonly rule: string;
  /** Of the packets, or of the time that a worker is away. */
  readonly drop: number;
  readonly network: Network;
  readonly split: ShardKind;
  /** Of the mean model, on training samples; and of single replicas. Means over the seeds. */
  readonly endLoss: number;
  readonly endLossOfReplicas: number;
  /** Of single replicas, 0..1. */
  readonly testAccuracy: number;
  readonly apart: number;
}

export const sweep: Figure<{ readonly rows: readonly SweepRow[] }> = {
  title: "Where each rule breaks",
  async make({ size, train }) {
    const { rules: chosen, drops, networks, splits, seeds, workers, rounds } = extents[size];
    const cases = splits.flatMap((split) =>
      networks.flatMap((network) =>
        chosen.flatMap((rule) => (rule.drops ?? drops).map((drop) => ({ split, network, rule, drop }))),
      ),
    );
    const specs = cases.flatMap(({ split, network, rule, drop }) =>
      seeds.map((seed): RunSpec => ({
        task: mnistTask({ ...rule, seed, workers, batch, rounds }, split, rule.parity),
        workers,
        ...lossesOf(network, drop),
        valuesPerFragment: mnistValuesPerFragment,
        evaluation: size === "test" ? "brief" : "whole",
      })),
    );
    const results = await train(specs);
    const rows = cases.map(({ rule, ...rest }, at): SweepRow => {
      const own = results.slice(at * seeds.length, (at + 1) * seeds.length);
      return { rule: rule.name, ...rest, ...ends(own) };
    });
    return { figures: { workers, rounds, seeds, rows }, plots: { sweep: plot(rows) } };
  },
};

const batch = 8;
/** In packets: half a round of a link. */
const meanBurst = 36;
const meanRounds = 5;

function lossesOf(network: Network, drop: number): Pick<RunSpec, "drop" | "meanBurst" | "outages"> {
  // Nothing lost is the same training on every network.
  if (network === "packets" || drop === 0) return { drop, meanBurst: 1 };
  if (network === "bursts") return { drop, meanBurst };
  return { drop: 0, meanBurst: 1, outages: { share: drop, meanRounds } };
}

function ends(
  runs: readonly RunResult[],
): Pick<SweepRow, "endLoss" | "endLossOfReplicas" | "testAccuracy" | "apart"> {
  const replicas = runs.flatMap(({ evaluation }) => evaluation.replicas);
  return {
    endLoss: mean(runs.map(({ evaluation }) => evaluation.mean.trainLoss)),
    endLossOfReplicas: mean(replicas.map(({ trainLoss }) => trainLoss)),
    testAccuracy: mean(replicas.map(({ test }) => test["testAccuracy"] ?? NaN)),
    apart: mean(runs.map(({ spread }) => spread)),
  };
}

const splitWords = { alike: "shards alike", apart: "shards by Dirichlet(0.3)" } as const;

const networkWords = {
  packets: "packets lost one by one",
  bursts: `in bursts of ${meanBurst}`,
  workers: "workers away",
} as const;

function plot(rows: readonly SweepRow[]): string {
  const splits = [...new Set(rows.map(({ split }) => split))];
  const networks = [...new Set(rows.map(({ network }) => network))];
  const names = [...new Set(rows.map(({ rule }) => rule))];
  const each = splits.flatMap((split) =>
    networks.map((network) => {
      const text = {
        title: `${splitWords[split]}, ${networkWords[network]}`,
        x: network === "workers" ? "share of the rounds" : "drop rate p",
        y: "loss of a replica",
        maxY: 1.5,
      };
      const own = rows.filter((row) => row.split === split && row.network === network);
      return linePlot(
        text,
        names.map((name, index) => ({
          name,
          colour: colours[index % colours.length] ?? "#000",
          points: own
            .filter(({ rule }) => rule === name)
            .map(({ drop, endLossOfReplicas }) => [drop, endLossOfReplicas] as const),
        })),
      );
    }),
  );
  return panels(each, networks.length);
}
