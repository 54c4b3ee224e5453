/**
 * The same training twice: simulated, and with real peers over WebRTC whose packets the kernel drops (as root;
 * else behind the rootless proxy). Seeds differ in start, batches, owners and losses; the simulation is right
 * when both differ by no more than seeds do.
 */
import { mean } from "../../../shared/simulation/figures.ts";
import { dropShare } from "../../../shared/core/drops.ts";
import type { Task } from "../../../shared/core/task.ts";
import { lossTask } from "../../../test/labs/loss-task.ts";
import { runTraining } from "../../../test/labs/run-figures.ts";
import type { RunFigures } from "../../../test/labs/run-figures.ts";
import { kernelSite, proxySite } from "../../../test/labs/training-run.ts";
import { needsKernelLab } from "../../../test/needs.ts";
import { colours, linePlot } from "../../line-plot.ts";
import { labWhenNeeded } from "../lab-when-needed.ts";
import { runFigures } from "../lab-schemas.ts";
import type { Figure, FigureContext, Size } from "./figure.ts";

interface Extent {
  readonly rounds: number;
  readonly drops: readonly number[];
  readonly seeds: readonly number[];
}

const peers = 4;
const timeLimitMs = 600_000;

const extents: Readonly<Record<Size, Extent>> = {
  test: { rounds: 40, drops: [0.1], seeds: [1] },
  compressed: { rounds: 108, drops: [0, 0.05, 0.1, 0.2], seeds: [1, 2, 3] },
  full: { rounds: 108, drops: [0, 0.01, 0.05, 0.1, 0.2, 0.4], seeds: [1, 2, 3, 4, 5] },
};

/** Of the validation samples, each the mean over the peers; one for each seed. */
interface Ends {
  readonly losses: readonly number[];
  readonly accuracies: readonly number[];
  /** Share of the fragments that did not count. */
  readonly dropped: readonly number[];
}

export interface RealRow {
  readonly drop: number;
  readonly simulated: Ends;
  readonly real: Ends;
}

export const real: Figure<{ readonly rows: readonly RealRow[] }> = {
  title: "Real peers and simulated ones",
  async make(context) {
    const { rounds, drops, seeds } = extents[context.size];
    const task = (seed: number): Task => ({ ...lossTask({ averaging: "rps", peers, rounds }), seed });
    const simulated = await simulate(context, drops, seeds.map(task));
    const measured = await withLab(context, async (run) => {
      const rows: RunFigures[][] = [];
      for (const drop of drops) {
        const row: RunFigures[] = [];
        for (const seed of seeds) row.push(await run(task(seed), drop));
        rows.push(row);
      }
      return rows;
    });
    const rows = drops.map((drop, at): RealRow => ({
      drop,
      simulated: simulated[at] ?? none,
      real: endsOf(measured[at] ?? []),
    }));
    return { figures: { rounds, peers, seeds, rows }, plots: { real: plot(rows) } };
  },
};

const none: Ends = { losses: [], accuracies: [], dropped: [] };

async function simulate(
  { train }: FigureContext,
  drops: readonly number[],
  tasks: readonly Task[],
): Promise<Ends[]> {
  const specs = drops.flatMap((drop) =>
    tasks.map((task) => ({ task, workers: peers, drop, meanBurst: 1, evaluation: "whole" as const })),
  );
  const results = await train(specs);
  return drops.map((_, at) => {
    const own = results.slice(at * tasks.length, (at + 1) * tasks.length);
    const ends = (name: string) =>
      own.map(({ evaluation }) => mean(evaluation.replicas.map(({ test }) => test[name] ?? NaN)));
    return {
      losses: ends("testLoss"),
      accuracies: ends("testAccuracy"),
      dropped: own.map(({ dropped }) => dropped),
    };
  });
}

function endsOf(runs: readonly RunFigures[]): Ends {
  return {
    losses: runs.map(({ loss }) => loss),
    accuracies: runs.map(({ accuracy }) => accuracy),
    dropped: runs.map(({ received, drops }) => dropShare(received, drops) ?? NaN),
  };
}

type Run = (task: Task, drop: number) => Promise<RunFigures>;

async function withLab<Result>(
  { say, keep, signal }: FigureContext,
  use: (run: Run) => Promise<Result>,
): Promise<Result> {
  const reason = needsKernelLab();
  const told = async (lab: string, run: Run, task: Task, drop: number): Promise<RunFigures> => {
    signal.throwIfAborted();
    const figures = await keep({
      name: "real",
      of: { lab, task, drop, peers },
      schema: runFigures,
      make: () => run(task, drop),
    });
    say(`${lab}, ${100 * drop} %, seed ${task.seed}: ${(100 * figures.accuracy).toFixed(2)} % right`);
    return figures;
  };
  if (reason) {
    const behindProxy: Run = (task, drop) => runTraining({ site: proxySite(drop), task, peers, timeLimitMs });
    return use((task, drop) => told("rootless proxy", behindProxy, task, drop));
  }
  const whenNeeded = labWhenNeeded(peers, false);
  const inKernel: Run = async (task, drop) => {
    const lab = await whenNeeded.get();
    lab.drop(0);
    const onTraining = () => lab.drop(drop);
    return runTraining({ site: kernelSite(lab), task, peers, timeLimitMs, onTraining });
  };
  try {
    return await use((task, drop) => told("kernel", inKernel, task, drop));
  } finally {
    await whenNeeded.close();
  }
}

function plot(rows: readonly RealRow[]): string {
  const text = {
    title: "Four peers, glyphs-cnn: a dot for each seed",
    x: "drop rate p",
    y: "validation loss",
  };
  const dots = (which: "simulated" | "real", name: string, colour: string, shift: number) => ({
    name,
    colour,
    points: rows.flatMap(({ drop, [which]: ends }) =>
      ends.losses.map((loss) => [drop + shift, loss] as const),
    ),
    style: "dots" as const,
  });
  return linePlot(text, [
    dots("simulated", "simulated", colours[0], 0),
    dots("real", "real peers, real losses", colours[1], 0.002),
  ]);
}
