/**
 * Where each rule breaks: drop rates up to one half, independent and in bursts, on shards that are alike and on
 * shards whose classes are mixed by Dirichlet(0.3). A small CNN on MNIST, 16 workers, plain SGD.
 */
import { parseTask } from "../../../shared/core/task.ts";
import type { AveragingName, Task } from "../../../shared/core/task.ts";
import { mean } from "../../../shared/simulation/figures.ts";
import { colours, linePlot, panels } from "../../line-plot.ts";
import type { RunSpec } from "../run-spec.ts";
import type { RunResult } from "../simulated-run.ts";
import type { Figure, Size } from "./figure.ts";

interface Rule {
  readonly name: string;
  readonly averaging: AveragingName;
  readonly parity: number;
}

interface Extent {
  readonly rules: readonly Rule[];
  readonly drops: readonly number[];
  readonly bursts: readonly number[];
  readonly splits: readonly ("alike" | "apart")[];
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
  /** Mean lengths in packets. */
  bursts: [1, 50],
  splits: ["alike", "apart"],
  workers: 16,
} as const;
const extents: Readonly<Record<Size, Extent>> = {
  test: {
    ...usual,
    rules: [rps, sums],
    drops: [0.4],
    bursts: [1],
    splits: ["apart"],
    workers: 8,
    seeds: [1],
    rounds: 30,
  },
  compressed: { ...usual, seeds: [1], rounds: 200 },
  full: { ...usual, seeds: [1, 2, 3], rounds: 1_000 },
};

export interface SweepRow {
  readonly rule: string;
  readonly drop: number;
  readonly meanBurst: number;
  readonly split: "alike" | "apart";
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
    const { rules: chosen, drops, bursts, splits, seeds, workers, rounds } = extents[size];
    const cases = splits.flatMap((split) =>
      bursts.flatMap((meanBurst) =>
        chosen.flatMap((rule) => drops.map((drop) => ({ split, meanBurst, rule, drop }))),
      ),
    );
    const specs = cases.flatMap(({ split, meanBurst, rule, drop }) =>
      seeds.map((seed): RunSpec => {
        const evaluation = size === "test" ? "brief" : "whole";
        return { task: taskOf(rule, split, seed, workers, rounds), workers, drop, meanBurst, evaluation };
      }),
    );
    const results = await train(specs);
    const rows = cases.map(({ rule, ...rest }, at): SweepRow => {
      const own = results.slice(at * seeds.length, (at + 1) * seeds.length);
      return { rule: rule.name, ...rest, ...ends(own) };
    });
    return { figures: { workers, rounds, seeds, rows }, plots: { sweep: plot(rows) } };
  },
};

function taskOf(
  { averaging, parity }: Rule,
  split: "alike" | "apart",
  seed: number,
  workers: number,
  rounds: number,
): Task {
  return parseTask({
    name: `sweep-${split}`,
    model: { kind: "cnn", channels: [8, 16] },
    data: {
      kind: "mnist",
      shards: workers,
      seed: 1,
      split: split === "alike" ? { by: "chance" } : { by: "label", alpha: 0.3 },
    },
    optimizer: { kind: "sgd", learningRate: 0.2, warmupRounds: Math.round(rounds / 20), decay: "steps" },
    batch: 8,
    work: { samplesPerRound: 8 },
    averaging,
    parity,
    seed,
    rounds,
  });
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

function plot(rows: readonly SweepRow[]): string {
  const splits = [...new Set(rows.map(({ split }) => split))];
  const bursts = [...new Set(rows.map(({ meanBurst }) => meanBurst))];
  const names = [...new Set(rows.map(({ rule }) => rule))];
  const each = splits.flatMap((split) =>
    bursts.map((meanBurst) => {
      const drops = meanBurst > 1 ? `drops in bursts of ${meanBurst}` : "independent drops";
      const text = {
        title: `${splitWords[split]}, ${drops}`,
        x: "drop rate p",
        y: "loss of a replica",
        maxY: 1.5,
      };
      const own = rows.filter((row) => row.split === split && row.meanBurst === meanBurst);
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
  return panels(each, bursts.length);
}
