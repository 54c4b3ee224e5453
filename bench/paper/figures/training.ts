/**
 * Figures 4 and 5: one task, the same training at several drop rates and under several rules. Training loss
 * against epochs, and what the replicas come to in the end.
 */
import { usageError } from "../../../peer-node/exit-codes.ts";
import type { Task } from "../../../shared/core/task.ts";
import { mean } from "../../../shared/simulation/figures.ts";
import { colours, linePlot, panels } from "../../line-plot.ts";
import type { Curve } from "../../line-plot.ts";
import type { RunResult } from "../run-result.ts";
import type { Variant } from "../tasks.ts";
import { nameOf, specOf } from "./arm.ts";
import type { Arm } from "./arm.ts";
import type { Figure, Size } from "./figure.ts";
import { slowDown } from "./slow-down.ts";
import type { LossCurve } from "./slow-down.ts";

export interface Extent {
  readonly workers: number;
  /** Samples of each worker in a round. */
  readonly batch: number;
  readonly rounds: number;
  readonly warmupRounds?: number;
  readonly seeds: readonly number[];
  readonly arms: readonly Arm[];
  readonly isSmall?: boolean;
}

export interface TrainingFigure {
  /** "fig4c", … */
  readonly name: string;
  readonly title: string;
  readonly task: (variant: Variant) => Task;
  readonly extents: Readonly<Record<Size, Extent>>;
}

/** Means over the seeds, and how far apart the seeds are. */
export interface ArmResult extends Arm {
  readonly name: string;
  readonly seeds: number;
  readonly epochs: number;
  /** All that is learned, intents of sentences too: the mean of the last batches, each before its step (RunResult). */
  readonly trainLoss: number;
  /** Of the seeds: the highest less the lowest. */
  readonly trainLossSpread: number;
  /** Of what counts (slots, not intents) on training samples, in the end: of the mean model, and of two replicas. */
  readonly endLoss: number;
  readonly endLossOfReplicas: number;
  /** By name; of two replicas, since that is what a peer has, and how far seeds are apart. */
  readonly test: Readonly<Record<string, number>>;
  readonly testSpread: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly apart: number;
  readonly processorSeconds: number;
  readonly curve: LossCurve;
  /** Epochs to come as far as the figure's first arm, relative to it. */
  readonly slowDown?: number | undefined;
}

export function trainingFigure(definition: TrainingFigure): Figure<{ readonly rows: readonly ArmResult[] }> {
  const { name, title, extents } = definition;
  return {
    title,
    async make({ size, train, say }) {
      const { arms, seeds, ...rest } = extents[size];
      if (arms.length === 0) throw usageError(`--size (${size}): ${name} has no such version`);
      const evaluation = size === "test" ? "brief" : "whole";
      const specs = arms.flatMap((arm) =>
        seeds.map((seed) => specOf(definition.task, arm, { ...rest, seed }, evaluation)),
      );
      const results = await train(specs);
      const ends = arms.map((arm, at) =>
        summarize(arm, results.slice(at * seeds.length, (at + 1) * seeds.length)),
      );
      const rows = ends.map((row) => ({
        ...row,
        slowDown: slowDown(smooth(row.curve), smooth(ends[0]?.curve ?? [])),
      }));
      for (const row of rows) say(told(row));
      return { figures: { ...rest, seeds, rows }, plots: { [name]: plot(title, rows) } };
    },
  };
}

function told({ name, trainLoss, trainLossSpread, test, apart, slowDown: factor }: ArmResult): string {
  const figures = Object.entries(test).map(([figure, value]) => `${figure} ${value.toFixed(4)}`);
  const slower = factor === undefined ? "" : `, ${factor.toFixed(2)} times the epochs`;
  const loss = `training loss ${trainLoss.toFixed(4)} (seeds ${trainLossSpread.toFixed(4)} apart)`;
  return `${name}: ${[loss, ...figures].join(", ")}, replicas ${apart.toExponential(1)} apart${slower}`;
}

function summarize(arm: Arm, runs: readonly RunResult[]): ArmResult {
  const [first] = runs;
  if (!first) throw new Error(`${nameOf(arm)}: no run`);
  const losses = runs.map(({ trainLoss }) => trainLoss);
  const replicas = runs.flatMap(({ evaluation }) => evaluation.replicas);
  const names = Object.keys(first.evaluation.mean.test);
  return {
    ...arm,
    name: nameOf(arm),
    seeds: runs.length,
    epochs: first.epochs,
    trainLoss: mean(losses),
    trainLossSpread: rangeOf(losses),
    endLoss: mean(runs.map(({ evaluation }) => evaluation.mean.trainLoss)),
    endLossOfReplicas: mean(replicas.map(({ trainLoss }) => trainLoss)),
    test: Object.fromEntries(names.map((name) => [name, mean(testOf(runs, name))])),
    testSpread: Object.fromEntries(names.map((name) => [name, rangeOf(testOf(runs, name))])),
    dropped: mean(runs.map(({ dropped }) => dropped)),
    apart: mean(runs.map(({ spread }) => spread)),
    processorSeconds: runs.reduce((sum, run) => sum + run.processorSeconds, 0),
    curve: first.curve.map(([epoch], at) => [epoch, mean(runs.map(({ curve }) => curve[at]?.[1] ?? NaN))]),
  };
}

/** One for each seed. */
function testOf(runs: readonly RunResult[], name: string): number[] {
  return runs.map(({ evaluation }) => mean(evaluation.replicas.map(({ test }) => test[name] ?? NaN)));
}

const rangeOf = (values: readonly number[]) => Math.max(...values) - Math.min(...values);

/** Lines are models, dashes gradients; a colour each, or by drop rate where there are more. */
function plot(title: string, rows: readonly ArmResult[]): string {
  const drops = [...new Set(rows.map(({ drop }) => drop))].toSorted((a, b) => a - b);
  const numberOf = (row: ArmResult) =>
    rows.length > colours.length ? drops.indexOf(row.drop) : rows.indexOf(row);
  const curves = rows.map((row): Curve => ({
    name: row.name,
    colour: colours[numberOf(row) % colours.length] ?? "#000",
    points: smooth(row.curve),
    style: row.averaging === "gradient" ? "dashes" : "line",
  }));
  const losses = curves.flatMap(({ points }) => points.map(([, loss]) => loss));
  const isLogY = Math.max(...losses) > 10 * Math.min(...losses);
  const training = linePlot({ title, x: "epochs", y: "loss of each on its batches (nats)", isLogY }, curves);
  const hasGradients = rows.some(({ averaging }) => averaging === "gradient");
  return hasGradients ? panels([training, endPlot(rows)], 2) : training;
}

/**
 * On the samples of all: a replica that has drifted away fits those of its own worker better, which the losses of
 * batches take for success.
 */
function endPlot(rows: readonly ArmResult[]): string {
  const text = {
    title: "In the end, on the samples of all",
    x: "drop rate p",
    y: "loss of a replica (nats)",
  };
  const kinds = [
    { averaging: "rps", name: "models" },
    { averaging: "gradient", name: "gradients" },
  ] as const;
  const curves = kinds.flatMap(({ averaging, name }, index) => {
    const own = rows.filter((row) => row.averaging === averaging);
    const points = own.map(({ drop, endLossOfReplicas }) => [drop, endLossOfReplicas] as const);
    const colour = colours[index] ?? "#000";
    return [
      { name, colour, points },
      { colour, points, style: "dots" as const },
    ];
  });
  return linePlot(text, curves);
}

/** Of so many points: batches differ more than drop rates do. */
const window = 5;

function smooth(curve: ArmResult["curve"]): [number, number][] {
  return curve
    .slice(window - 1)
    .map(([epoch], at) => [epoch, mean(curve.slice(at, at + window).map(([, loss]) => loss))]);
}
