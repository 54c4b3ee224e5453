/** Real peers train and a real web service answers, over the same links. */
import { dropShare } from "../../../shared/core/drops.ts";
import type { Drops } from "../../../shared/core/drops.ts";
import type { Task } from "../../../shared/core/task.ts";
import { parseTask } from "../../../shared/core/task.ts";
import { builtInTasks } from "../../../shared/training/built-in-tasks.ts";
import type { KernelLab } from "../../../test/labs/kernel.ts";
import type { LinkPlan } from "../../../test/labs/link-classes.ts";
import { pause } from "../../../test/labs/real-time.ts";
import { runTraining } from "../../../test/labs/run-figures.ts";
import { kernelSite } from "../../../test/labs/training-run.ts";
import { startWeb } from "./web-load.ts";
import type { WebFigures } from "./web-load.ts";

/** 20 Mbit/s: four peers on two cores can fill such links. */
const bytesPerSecond = 2_500_000;
/** 40 % of the links; with headers, requests and acknowledgements 44 %. */
export const messagesPerSecond = 40;
/** 60 ms of whole packets. */
const webQueue = 100;

export interface Degree {
  readonly name: string;
  readonly learning?: NonNullable<LinkPlan["learning"]>;
}

/** From "alike" to "the web first", learning's queue shorter each time. */
export const degrees = [
  { name: "no priority" },
  { name: "learning keeps 50 %", learning: { share: 0.5, queue: 50 } },
  { name: "35 %", learning: { share: 0.35, queue: 35 } },
  { name: "25 %", learning: { share: 0.25, queue: 25 } },
  { name: "10 %", learning: { share: 0.1, queue: 12 } },
  { name: "2 %", learning: { share: 0.02, queue: 6 } },
] as const satisfies readonly Degree[];

/** The last degree, but what waits is not thrown away so soon. */
export const patient: Degree = { name: "2 %, long queue", learning: { share: 0.02, queue: webQueue } };

/** A model of 41,802 values: a round sends 280 kB a peer, which alone take the link 110 ms. */
export function webTask(options: {
  readonly peers: number;
  readonly rounds: number;
  readonly seed: number;
  readonly validationSamples: number;
}): Task {
  const base = builtInTasks["glyphs-mlp"];
  if (base?.data.kind !== "glyphs") throw new Error("glyphs-mlp is a built-in task of glyphs");
  return parseTask({
    ...base,
    seed: options.seed,
    rounds: options.rounds,
    minPeers: options.peers,
    model: { kind: "mlp", hidden: [128, 64] },
    work: { samplesPerRound: 256 },
    data: { ...base.data, validationSamples: options.validationSamples },
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9, decay: "cosine", warmupRounds: 4 },
  });
}

export interface Learned {
  /** Share of the fragments that did not count. */
  readonly lost: number;
  readonly drops: Drops;
  /** Of the packets handed to the links; without classes both kinds are in it. */
  readonly kernelDropped: number;
  readonly accuracy: number;
  readonly validationLoss: number;
  /** From round to round. */
  readonly cycleMs: number;
  /** Of one averaging, the median. */
  readonly roundMs: number;
  readonly bytes: number;
}

export interface SharedRun {
  readonly web: WebFigures & { readonly bytes: number; readonly kernelDropped: number };
  readonly learned: Learned;
}

export async function sharedRun(
  lab: KernelLab,
  options: {
    readonly task: Task;
    readonly degree: Degree;
    readonly timeLimitMs: number;
    readonly isWebOn?: boolean;
  },
): Promise<SharedRun> {
  const { task, degree, timeLimitMs, isWebOn = true } = options;
  const plan = linkPlanOf(degree);
  lab.share(plan);
  const web = await startWeb(lab, { messagesPerSecond, seed: task.seed });
  const onTraining = () => {
    lab.share(plan);
    if (isWebOn) web.go();
  };
  const site = kernelSite(lab);
  const run = await runTraining({ site, task, peers: lab.peers, timeLimitMs, onTraining });
  const served = await web.stop();
  const counts = Array.from({ length: lab.peers }, (_, peer) => lab.linkCounts(peer));
  const kernel = (kind: "learning" | "web") => {
    const sum = (what: "bytes" | "packets" | "dropped") =>
      counts.reduce((total, each) => total + each[kind][what], 0);
    return {
      bytes: sum("bytes"),
      kernelDropped: sum("dropped") / Math.max(1, sum("dropped") + sum("packets")),
    };
  };
  return {
    web: { ...served, ...kernel("web") },
    learned: {
      lost: dropShare(run.received, run.drops) ?? NaN,
      drops: run.drops,
      ...kernel("learning"),
      accuracy: run.accuracy,
      validationLoss: run.loss,
      cycleMs: run.cycleMs,
      roundMs: run.roundMsP50,
    },
  };
}

export function linkPlanOf({ learning }: Degree): LinkPlan {
  return { bytesPerSecond, queue: webQueue, ...(learning ? { learning } : {}) };
}

/** The web on the same links, with no learning beside it: as fast as it gets. */
export async function webAlone(lab: KernelLab, seed: number, seconds: number): Promise<WebFigures> {
  lab.share(linkPlanOf(degrees[0]));
  const web = await startWeb(lab, { messagesPerSecond, seed });
  web.go();
  await pause(seconds * 1000);
  return web.stop();
}
