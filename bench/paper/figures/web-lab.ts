/**
 * The web service beside learning, for real: peers train over links that a real HTTP service shares, and the
 * web is preferred by degrees. Figure 6 of the paper in the kernel lab; its simulated counterpart is
 * bench/paper/web-service.
 */
import { mean } from "../../../shared/simulation/figures.ts";
import type { Task } from "../../../shared/core/task.ts";
import { needsLinkClasses } from "../../../test/needs.ts";
import { colours, linePlot, panels } from "../../line-plot.ts";
import { labWhenNeeded } from "../lab-when-needed.ts";
import type { LabWhenNeeded } from "../lab-when-needed.ts";
import { sharedRunFigures, webFigures } from "../lab-schemas.ts";
import {
  degrees,
  linkPlanOf,
  messagesPerSecond,
  patient,
  sharedRun,
  webAlone,
  webTask,
} from "../web-lab/shared-run.ts";
import type { Degree, SharedRun } from "../web-lab/shared-run.ts";
import type { WebFigures } from "../web-lab/web-load.ts";
import type { Figure, FigureContext, Size } from "./figure.ts";

interface Extent {
  readonly rounds: number;
  readonly degrees: readonly Degree[];
  readonly seeds: readonly number[];
  readonly validationSamples: number;
  /** Of the web with no learning beside it. */
  readonly aloneSeconds: number;
}

const peers = 4;
const timeLimitMs = 600_000;

const usual = { degrees: [...degrees, patient], validationSamples: 8_000 };
const extents: Readonly<Record<Size, Extent>> = {
  test: {
    rounds: 16,
    degrees: [degrees[0], degrees[4]],
    seeds: [1],
    validationSamples: 2_000,
    aloneSeconds: 0,
  },
  compressed: { ...usual, rounds: 40, seeds: [1], aloneSeconds: 10 },
  full: { ...usual, rounds: 200, seeds: [1, 2, 3, 4, 5], aloneSeconds: 60 },
};

export interface WebLabRow {
  readonly degree: string;
  /** One for each seed. */
  readonly runs: readonly SharedRun[];
  /** Mean completion time without priority over that with this degree; means of the seeds. */
  readonly speedUp: number;
  /** Of the fragments, those that did not count. */
  readonly lost: number;
  readonly accuracy: number;
}

interface WebLab {
  readonly rows: readonly WebLabRow[];
  readonly webAlone: readonly WebFigures[];
  /** On the same links with no web beside it. */
  readonly learningAlone: readonly SharedRun["learned"][];
}

export const webLab: Figure<WebLab> = {
  title: "A real web service beside real learning",
  async make(context) {
    const lab = labWhenNeeded(peers, needsLinkClasses());
    try {
      const made = await measure(lab, context);
      const { rounds, seeds } = extents[context.size];
      const figures = { peers, rounds, seeds, messagesPerSecond, ...made };
      return { figures, plots: { "web-lab": plot(made.rows) } };
    } finally {
      await lab.close();
    }
  },
};

async function measure(lab: LabWhenNeeded, context: FigureContext): Promise<WebLab> {
  const { size, say } = context;
  const { rounds, degrees: steps, seeds, validationSamples, aloneSeconds } = extents[size];
  const run = runnerOf(lab, context);
  const webAlones: WebFigures[] = [];
  const learningAlone: SharedRun["learned"][] = [];
  const runs = new Map<string, SharedRun[]>(steps.map(({ name }) => [name, []]));
  // Seed by seed, so that what else the machine does meanwhile is spread over the degrees.
  for (const seed of seeds) {
    const task = webTask({ peers, rounds, seed, validationSamples });
    if (aloneSeconds > 0) {
      webAlones.push(await run.web(seed, aloneSeconds));
      learningAlone.push((await run.shared(task, degrees[0], false)).learned);
    }
    for (const degree of steps) {
      const figures = await run.shared(task, degree, true);
      runs.get(degree.name)?.push(figures);
      say(`${degree.name}, seed ${seed}: ${told(figures)}`);
    }
  }
  return { rows: rowsOf(runs), webAlone: webAlones, learningAlone };
}

/** Each run is kept: the same command goes on after the last one that ended. */
function runnerOf(lab: LabWhenNeeded, { keep, signal }: FigureContext) {
  return {
    web(seed: number, seconds: number): Promise<WebFigures> {
      signal.throwIfAborted();
      return keep({
        name: "web-lab-web",
        of: { peers, seed, seconds, messagesPerSecond, plan: linkPlanOf(degrees[0]) },
        schema: webFigures,
        make: async () => webAlone(await lab.get(), seed, seconds),
      });
    },
    shared(task: Task, degree: Degree, isWebOn: boolean): Promise<SharedRun> {
      signal.throwIfAborted();
      return keep({
        name: isWebOn ? "web-lab-shared" : "web-lab-learning",
        of: { peers, task, messagesPerSecond, plan: linkPlanOf(degree), isWebOn },
        schema: sharedRunFigures,
        make: async () => sharedRun(await lab.get(), { task, degree, timeLimitMs, isWebOn }),
      });
    },
  };
}

function told({ web, learned }: SharedRun): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `web ${web.meanMs.toFixed(0)} ms, learning lost ${percent(learned.lost)}, ${percent(learned.accuracy)} right`;
}

function rowsOf(measured: ReadonlyMap<string, readonly SharedRun[]>): WebLabRow[] {
  const meanMs = (runs: readonly SharedRun[]) => mean(runs.map(({ web }) => web.meanMs));
  const unpreferred = meanMs(measured.get(degrees[0].name) ?? []);
  return [...measured].map(([degree, runs]) => ({
    degree,
    runs,
    speedUp: unpreferred / meanMs(runs),
    lost: mean(runs.map(({ learned }) => learned.lost)),
    accuracy: mean(runs.map(({ learned }) => learned.accuracy)),
  }));
}

function plot(rows: readonly WebLabRow[]): string {
  const x = "learning loss: share of fragments that did not count";
  const curve = (colour: string, value: (row: WebLabRow) => number) => {
    const pointsOf = (some: readonly WebLabRow[]) => some.map((row) => [row.lost, value(row)] as const);
    const isPatient = ({ degree }: WebLabRow) => degree === patient.name;
    return [
      { name: "short queues", colour, points: pointsOf(rows.filter((row) => !isPatient(row))) },
      { colour, points: pointsOf(rows), style: "dots" as const },
      {
        name: patient.name,
        colour: colours[6],
        points: pointsOf(rows.filter(isPatient)),
        style: "dots" as const,
      },
    ];
  };
  const speedUp = linePlot(
    { title: "Web: speed-up of the mean completion", x, y: "times as fast" },
    curve(colours[0], (row) => row.speedUp),
  );
  const accuracy = linePlot(
    { title: "Learning: accuracy in the end", x, y: "% right" },
    curve(colours[1], (row) => 100 * row.accuracy),
  );
  return panels([speedUp, accuracy], 2);
}
