/**
 * The same training twice: simulated, and with real peers over WebRTC whose packets the kernel drops (as root;
 * else behind the rootless proxy). Seeds differ in start, batches, owners and losses; the simulation is right
 * when both differ by no more than seeds do. Where models are averaged losses hardly matter, and a simulation
 * that lost nothing would pass as well; so there is a training with averaged gradients, which losses harm.
 */
import { mean } from "../../../shared/simulation/figures.ts";
import { dropShare } from "../../../shared/core/drops.ts";
import type { Task } from "../../../shared/core/task.ts";
import { lossTask, noisyTask } from "../../../test/labs/loss-task.ts";
import { runTraining } from "../../../test/labs/run-figures.ts";
import type { RunFigures } from "../../../test/labs/run-figures.ts";
import { kernelSite, proxySite } from "../../../test/labs/training-run.ts";
import { needsKernelLab } from "../../../test/needs.ts";
import { colours, linePlot, panels } from "../../line-plot.ts";
import { labWhenNeeded } from "../lab-when-needed.ts";
import { runFigures } from "../lab-schemas.ts";
import type { RunSpec } from "../run-spec.ts";
import type { Figure, FigureContext, Size } from "./figure.ts";

const peers = 4;
const timeLimitMs = 600_000;

const studies = {
  models: { title: "glyphs-cnn, models averaged", task: lossTask, averaging: "rps" },
  gradients: { title: "glyphs-mlp, noisy, gradients averaged", task: noisyTask, averaging: "gradient" },
} as const;
type StudyName = keyof typeof studies;

/** How long, and at which drop rates. */
interface Study {
  readonly name: StudyName;
  readonly rounds: number;
  readonly simulated: readonly number[];
  readonly real: readonly number[];
}

interface Extent {
  readonly studies: readonly Study[];
  readonly seeds: readonly number[];
  readonly validationSamples: number;
}

const models = (drops: readonly number[]): Study => ({
  name: "models",
  rounds: 108,
  simulated: drops,
  real: drops,
});
/** Real peers miss more than the kernel drops: simulated ones go further. */
const gradients = (drops: readonly number[]): Study => ({
  name: "gradients",
  rounds: 100,
  simulated: [...drops, 0.2, 0.3],
  real: drops,
});

const extents: Readonly<Record<Size, Extent>> = {
  test: {
    studies: [{ name: "gradients", rounds: 60, simulated: [0, 0.1], real: [0.1] }],
    seeds: [1],
    validationSamples: 800,
  },
  compressed: {
    studies: [models([0, 0.05, 0.1, 0.2]), gradients([0, 0.05, 0.1])],
    seeds: [1, 2, 3],
    validationSamples: 8_000,
  },
  full: {
    studies: [models([0, 0.01, 0.05, 0.1, 0.2, 0.4]), gradients([0, 0.01, 0.05, 0.1])],
    seeds: [1, 2, 3, 4, 5],
    validationSamples: 8_000,
  },
};

/** Of the validation samples, each the mean over the peers; one for each seed. */
interface Ends {
  readonly losses: readonly number[];
  readonly accuracies: readonly number[];
  /** Share of the fragments that did not count. */
  readonly dropped: readonly number[];
}

export interface RealRow {
  readonly study: StudyName;
  readonly rounds: number;
  readonly drop: number;
  readonly simulated: Ends;
  /** Not at every rate. */
  readonly real?: Ends | undefined;
}

export const real: Figure<{ readonly rows: readonly RealRow[] }> = {
  title: "Real peers and simulated ones",
  async make(context) {
    const { studies: chosen, seeds, validationSamples } = extents[context.size];
    const cases = chosen.flatMap(({ name, rounds, simulated, real: inReality }) => {
      const { task, averaging } = studies[name];
      const common = task({ averaging, peers, rounds, validationSamples });
      const tasks = seeds.map((seed): Task => ({ ...common, seed }));
      return simulated.map((drop) => ({
        study: name,
        rounds,
        drop,
        tasks,
        isReal: inReality.includes(drop),
      }));
    });
    const simulated = await simulate(context, cases);
    const rows = await withLab(context, async (run) => {
      const made: RealRow[] = [];
      for (const [at, { study, rounds, drop, tasks, isReal }] of cases.entries()) {
        const runs: RunFigures[] = [];
        if (isReal) for (const task of tasks) runs.push(await run(task, drop));
        const measured = isReal ? { real: endsOf(runs) } : {};
        made.push({ study, rounds, drop, simulated: simulated[at] ?? none, ...measured });
      }
      return made;
    });
    return { figures: { peers, seeds, rows }, plots: { real: plot(rows) } };
  },
};

const none: Ends = { losses: [], accuracies: [], dropped: [] };

interface Case {
  readonly drop: number;
  readonly tasks: readonly Task[];
}

async function simulate({ train }: FigureContext, cases: readonly Case[]): Promise<Ends[]> {
  const specs = cases.flatMap(({ drop, tasks }) =>
    tasks.map((task): RunSpec => ({ task, workers: peers, drop, meanBurst: 1, evaluation: "whole" })),
  );
  const results = [...(await train(specs))];
  return cases.map(({ tasks }) => {
    const own = results.splice(0, tasks.length);
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
  const names = [...new Set(rows.map(({ study }) => study))];
  const each = names.map((name) => {
    const own = rows.filter(({ study }) => study === name);
    const simulated = own.map((row) => row.simulated);
    const inReality = own.flatMap((row) => row.real ?? []);
    const text = {
      title: `Four peers, ${studies[name].title}: a dot for each seed`,
      x: "share of the fragments that did not count",
      y: "validation loss",
    };
    return linePlot(text, [
      { colour: colours[0], points: simulated.map(meanEnd) },
      { name: "simulated", colour: colours[0], points: simulated.flatMap(dots), style: "dots" },
      {
        name: "real peers, real losses",
        colour: colours[1],
        points: inReality.flatMap(dots),
        style: "dots",
      },
    ]);
  });
  return panels(each, 2);
}

const dots = ({ losses, dropped }: Ends) => losses.map((loss, at) => [dropped[at] ?? NaN, loss] as const);
const meanEnd = ({ losses, dropped }: Ends) => [mean(dropped), mean(losses)] as const;
