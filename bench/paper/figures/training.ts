/**
 * Figures 4 and 5: one task, the same training at several drop rates and under several rules. Training loss
 * against epochs, and what the replicas come to in the end.
 */
import type { AveragingName, Task } from "../../../shared/core/task.ts";
import { mean } from "../../../shared/simulation/figures.ts";
import { colours, linePlot } from "../../line-plot.ts";
import type { Curve } from "../../line-plot.ts";
import type { RunSpec } from "../run-spec.ts";
import type { RunResult } from "../simulated-run.ts";
import type { Variant } from "../tasks.ts";
import type { Figure, Size } from "./figure.ts";

/** One curve of a figure. */
export interface Arm {
  readonly averaging: AveragingName;
  readonly drop: number;
  readonly meanBurst?: number;
  /** In place of the task's own. */
  readonly learningRate?: number;
  readonly momentum?: number;
}

export interface Extent {
  readonly workers: number;
  /** Samples of each worker in a round. */
  readonly batch: number;
  readonly rounds: number;
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
  /** The mean of all batches of the last epoch, each before its step. */
  readonly trainLoss: number;
  readonly trainLossSpread: number;
  /** On training samples, in the end: of the mean model, and the mean over single replicas. */
  readonly endLoss: number;
  readonly endLossOfReplicas: number;
  /** By name; of single replicas, since that is what a peer has. */
  readonly test: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly apart: number;
  readonly processorSeconds: number;
  readonly curve: readonly (readonly [number, number])[];
}

export function trainingFigure(definition: TrainingFigure): Figure<{ readonly rows: readonly ArmResult[] }> {
  const { name, title, extents } = definition;
  return {
    title,
    async make({ size, train }) {
      const { arms, seeds, ...rest } = extents[size];
      const specs = arms.flatMap((arm) =>
        seeds.map((seed) => specOf(definition, arm, { ...rest, seed }, size)),
      );
      const results = await train(specs);
      const rows = arms.map((arm, at) =>
        summarize(arm, results.slice(at * seeds.length, (at + 1) * seeds.length)),
      );
      return { figures: { ...rest, seeds, rows }, plots: { [name]: plot(title, rows) } };
    },
  };
}

function specOf(
  { task }: TrainingFigure,
  { averaging, drop, meanBurst = 1, learningRate, momentum }: Arm,
  rest: Omit<Variant, "averaging">,
  size: Size,
): RunSpec {
  const evaluation = size === "test" ? "brief" : "whole";
  const variant = { ...rest, averaging, learningRate, momentum };
  return { task: task(variant), workers: rest.workers, drop, meanBurst, evaluation };
}

function nameOf({ averaging, drop, meanBurst = 1, learningRate, momentum }: Arm): string {
  const rule = averaging === "gradient" ? "gradients, " : averaging === "rps" ? "" : `${averaging}, `;
  const bursts = meanBurst > 1 ? " in bursts" : "";
  const rate = learningRate === undefined ? "" : `, rate ${learningRate}`;
  const kept = momentum === undefined ? "" : `, momentum ${momentum}`;
  return `${rule}${drop * 100} %${bursts}${rate}${kept}`;
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
    trainLossSpread: Math.max(...losses) - Math.min(...losses),
    endLoss: mean(runs.map(({ evaluation }) => evaluation.mean.trainLoss)),
    endLossOfReplicas: mean(replicas.map(({ trainLoss }) => trainLoss)),
    test: Object.fromEntries(
      names.map((name) => [name, mean(replicas.map(({ test }) => test[name] ?? NaN))]),
    ),
    dropped: mean(runs.map(({ dropped }) => dropped)),
    apart: mean(runs.map(({ spread }) => spread)),
    processorSeconds: runs.reduce((sum, run) => sum + run.processorSeconds, 0),
    curve: first.curve.map(([epoch], at) => [epoch, mean(runs.map(({ curve }) => curve[at]?.[1] ?? NaN))]),
  };
}

function plot(title: string, rows: readonly ArmResult[]): string {
  const drops = [...new Set(rows.map(({ drop }) => drop))].toSorted((a, b) => a - b);
  const curves = rows.map(({ name, averaging, drop, curve }): Curve => ({
    name,
    colour: colours[drops.indexOf(drop) % colours.length] ?? "#000",
    points: smooth(curve),
    style: averaging === "gradient" ? "dashes" : "line",
  }));
  return linePlot({ title, x: "epochs", y: "training loss (nats)" }, curves);
}

/** Of so many points: batches differ more than drop rates do. */
const window = 5;

function smooth(curve: ArmResult["curve"]): [number, number][] {
  return curve
    .slice(window - 1)
    .map(([epoch], at) => [epoch, mean(curve.slice(at, at + window).map(([, loss]) => loss))]);
}
