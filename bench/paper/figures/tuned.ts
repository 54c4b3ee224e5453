/**
 * Does a rule learn better, or is it that its steps are another size? Every rule over a range of learning rates,
 * from too small to too large, several seeds each. Losses that running sums make up for later delay a part of
 * each step, which works as momentum does (bench/paper/figures/all.ts): so there are runs without losses that
 * have it, at rates that come to the same in the long run.
 */
import { mean } from "../../../shared/simulation/figures.ts";
import { colours, linePlot, panels } from "../../line-plot.ts";
import type { RunSpec } from "../run-spec.ts";
import type { RunResult } from "../run-result.ts";
import { mnistTask, mnistValuesPerFragment } from "../tasks.ts";
import { nameOf } from "./arm.ts";
import type { Arm } from "./arm.ts";
import type { Figure, Size } from "./figure.ts";

interface Extent {
  readonly workers: number;
  readonly arms: readonly Arm[];
  readonly rates: readonly number[];
  readonly seeds: readonly number[];
  readonly rounds: number;
}

const batch = 8;
const lossless: Arm = { averaging: "rps", drop: 0 };
const sums: Arm = { averaging: "running-sums", drop: 0.4 };
const arms: readonly Arm[] = [
  lossless,
  { ...lossless, momentum: 0.4 },
  // Of two delays in a row, each 2/3 of a round on average: what momentum 4/7 delays a step by.
  { ...lossless, momentum: 0.57 },
  { ...lossless, momentum: 0.64 },
  { averaging: "rps", drop: 0.4 },
  sums,
];
const rates = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8];
const extents: Readonly<Record<Size, Extent>> = {
  test: {
    workers: 6,
    arms: [lossless, { ...lossless, momentum: 0.4 }, sums],
    rates: [0.05],
    seeds: [1],
    rounds: 40,
  },
  compressed: { workers: 16, arms, rates, seeds: [1, 2, 3], rounds: 200 },
  full: { workers: 16, arms, rates, seeds: [1, 2, 3, 4, 5], rounds: 2_000 },
};

export interface TunedRow extends Arm {
  readonly name: string;
  /** What steps in one direction add up to: the rate that is set is 1 − momentum of it. */
  readonly rate: number;
  /** Of single replicas, on training samples; one for each seed, and their mean. */
  readonly endLosses: readonly number[];
  readonly endLoss: number;
  /** Of single replicas, 0..1. */
  readonly testAccuracy: number;
}

export const tuned: Figure<{ readonly rows: readonly TunedRow[] }> = {
  title: "Each rule at its best learning rate",
  async make({ size, train, say }) {
    const extent = extents[size];
    const evaluation = size === "test" ? "brief" : "whole";
    const cases = extent.arms.flatMap((arm) => extent.rates.map((rate) => ({ arm, rate })));
    const specs = cases.flatMap(({ arm, rate }) =>
      extent.seeds.map((seed) => specOf(arm, rate, { seed, ...extent }, evaluation)),
    );
    const results = await train(specs);
    const { length } = extent.seeds;
    const rows = cases.map(({ arm, rate }, at) =>
      rowOf(arm, rate, results.slice(at * length, (at + 1) * length)),
    );
    for (const arm of extent.arms) say(bestOf(rows.filter(({ name }) => name === nameOf(arm))));
    return { figures: { batch, ...extent, rows }, plots: { tuned: plot(rows) } };
  },
};

function specOf(
  { averaging, drop, momentum = 0 }: Arm,
  rate: number,
  { seed, workers, rounds }: Pick<Extent, "workers" | "rounds"> & { readonly seed: number },
  evaluation: RunSpec["evaluation"],
): RunSpec {
  const learningRate = (1 - momentum) * rate;
  return {
    task: mnistTask({ averaging, seed, workers, batch, rounds, learningRate, momentum }, "alike"),
    workers,
    drop,
    meanBurst: 1,
    valuesPerFragment: mnistValuesPerFragment,
    evaluation,
  };
}

function rowOf(arm: Arm, rate: number, runs: readonly RunResult[]): TunedRow {
  const endLosses = runs.map(({ evaluation }) => mean(evaluation.replicas.map(({ trainLoss }) => trainLoss)));
  const replicas = runs.flatMap(({ evaluation }) => evaluation.replicas);
  return {
    ...arm,
    name: nameOf(arm),
    rate,
    endLosses,
    endLoss: mean(endLosses),
    testAccuracy: mean(replicas.map(({ test }) => test["testAccuracy"] ?? NaN)),
  };
}

function bestOf(rows: readonly TunedRow[]): string {
  const best = rows.reduce((a, b) => (b.endLoss < a.endLoss ? b : a));
  const each = best.endLosses.map((loss) => loss.toFixed(4)).join(", ");
  return `${best.name}: lowest loss ${best.endLoss.toFixed(4)} (${each}) at a rate of ${best.rate}, ${(100 * best.testAccuracy).toFixed(2)} % right`;
}

function plot(rows: readonly TunedRow[]): string {
  const names = [...new Set(rows.map(({ name }) => name))];
  const curves = (value: (row: TunedRow) => number) =>
    names.map((name, index) => ({
      name,
      colour: colours[index % colours.length] ?? "#000",
      points: rows.filter((row) => row.name === name).map((row) => [row.rate, value(row)] as const),
    }));
  const x = { x: "learning rate", isLogX: true };
  return panels(
    [
      linePlot(
        { ...x, title: "Training", y: "loss of a replica (nats)", isLogY: true, maxY: 0.5 },
        curves((row) => row.endLoss),
      ),
      linePlot(
        { ...x, title: "Test", y: "% wrong", isLogY: true, maxY: 20 },
        curves((row) => 100 * (1 - row.testAccuracy)),
      ),
    ],
    2,
  );
}
