/** The figures by name, with what is run for each. */
import { atisTask, cifarTask } from "../tasks.ts";
import type { Arm } from "./arm.ts";
import type { Figure } from "./figure.ts";
import { moments } from "./moments.ts";
import { parity } from "./parity.ts";
import { real } from "./real.ts";
import { sweep } from "./sweep.ts";
import { theory } from "./theory.ts";
import { trainingFigure } from "./training.ts";
import { tuned } from "./tuned.ts";
import { webLab } from "./web-lab.ts";

const rps = (drop: number): Arm => ({ averaging: "rps", drop });
const gradients = (drop: number): Arm => ({ averaging: "gradient", drop });

const ofModels = [0, 0.01, 0.05, 0.1].map(rps);
const ofGradients = [...ofModels, gradients(0.01), gradients(0.05), gradients(0.1)];
/** As few as can show what the figure claims. */
const fewModels = [rps(0), rps(0.1)];
const fewGradients = [rps(0), rps(0.1), gradients(0.01), gradients(0.1)];

const atisEpoch = 70;
const cifarEpoch = 97.7;
const inRounds = (epochs: number, perEpoch: number) => Math.round(epochs * perEpoch);

const sums = (drop: number): Arm => ({ averaging: "running-sums", drop });
/**
 * Delays that are geometric make of each step a moving average, p times what it was and 1 − p times the new
 * one: momentum p at 1 − p times the rate (Mitliagkas et al., Asynchrony begets momentum, 2016). Two such
 * runs without losses: 0.4 is that of losses on one way, and 0.64 has as much of a step at once, (1 − p)², as
 * losses on both ways leave of it.
 */
const ofSums: readonly Arm[] = [
  rps(0),
  rps(0.4),
  sums(0.4),
  { ...rps(0), momentum: 0.4, learningRate: 0.6 },
  { ...rps(0), momentum: 0.64, learningRate: 0.36 },
];
const otherRates = [0.5, 2];
const ofRates: readonly Arm[] = [rps(0), sums(0.4)].flatMap((arm) => [
  arm,
  ...otherRates.map((learningRate) => ({ ...arm, learningRate })),
]);
/** Whole workers, for five rounds on average. */
const away = { outages: { share: 0.3, meanRounds: 5 } };
const ofAway: readonly Arm[] = [rps(0), { ...rps(0), ...away }, { ...sums(0), ...away }];

const tiny = { workers: 3, batch: 8, seeds: [1], isSmall: true };

interface Arms {
  readonly arms: readonly Arm[];
  /** None: there is no small version. */
  readonly few: readonly Arm[];
  /** At full length, where that has more. */
  readonly all?: readonly Arm[];
}

function atis(name: string, title: string, { arms, few }: Arms) {
  const usual = { workers: 16, batch: 4, arms };
  return trainingFigure({
    name,
    title,
    task: atisTask,
    extents: {
      test: { ...tiny, rounds: 40, arms: few },
      compressed: { ...usual, rounds: inRounds(40, atisEpoch), seeds: [1, 2] },
      full: { ...usual, rounds: inRounds(120, atisEpoch), seeds: [1, 2, 3] },
    },
  });
}

/** The paper's. */
const fullCifar = { rounds: inRounds(160, cifarEpoch), warmupRounds: inRounds(5, cifarEpoch) };

/** Workers and rounds that can show it. */
const smallCifar = { 20: { workers: 4, rounds: 20 }, 110: { workers: 3, rounds: 24 } } as const;

/** @param epochs and seeds of the compressed version; at full length it is the paper's 160 */
function cifar(
  name: string,
  title: string,
  depth: 20 | 110,
  {
    arms,
    few,
    all = arms,
    epochs,
    seeds,
  }: Arms & { readonly epochs: number; readonly seeds: readonly number[] },
) {
  const usual = { workers: 16, batch: 32, arms };
  return trainingFigure({
    name,
    title,
    task: (variant) => cifarTask(depth, variant),
    extents: {
      test: { ...tiny, ...smallCifar[depth], arms: few },
      compressed: { ...usual, rounds: inRounds(epochs, cifarEpoch), seeds },
      full: { ...usual, ...fullCifar, arms: all, seeds: [1] },
    },
  });
}

const models = { arms: ofModels, few: fewModels };
const averagedGradients = { arms: ofGradients, few: fewGradients };
const short20 = { epochs: 4, seeds: [1, 2] };
const short110 = { epochs: 1, seeds: [1, 2] };

export const figures = {
  "fig2-3": moments,
  theory,
  parity,
  real,
  sweep,
  tuned,
  "web-lab": webLab,
  fig4a: cifar("fig4a", "Figure 4a: ResNet-20 on CIFAR-10, models averaged", 20, { ...models, ...short20 }),
  sums: cifar("sums", "ResNet-20 on CIFAR-10: running sums at 40 %, and momentum without losses", 20, {
    arms: ofSums,
    few: [],
    ...short20,
  }),
  rates: cifar("rates", "ResNet-20 on CIFAR-10: other learning rates", 20, {
    arms: ofRates,
    few: [],
    ...short20,
  }),
  away: cifar("away", "ResNet-20 on CIFAR-10: workers that are away for 30 % of the rounds", 20, {
    arms: ofAway,
    few: [],
    ...short20,
    seeds: [1],
  }),
  fig4b: cifar("fig4b", "Figure 4b: ResNet-110 on CIFAR-10, models averaged", 110, {
    arms: fewModels,
    few: fewModels,
    all: ofModels,
    ...short110,
  }),
  fig4c: atis("fig4c", "Figure 4c: LSTM on ATIS, models averaged", {
    arms: [...ofModels, rps(0.2), rps(0.4)],
    few: fewModels,
  }),
  "rates-atis": atis("rates-atis", "LSTM on ATIS: learning rates, nothing lost", {
    arms: [1, 2, 8, 16].map((learningRate) => ({ ...rps(0), learningRate })),
    few: [],
  }),
  fig5a: cifar("fig5a", "Figure 5a: ResNet-20 on CIFAR-10, gradients averaged", 20, {
    ...averagedGradients,
    ...short20,
  }),
  fig5b: cifar("fig5b", "Figure 5b: ResNet-110 on CIFAR-10, gradients averaged", 110, {
    arms: [...fewModels, gradients(0.01)],
    few: fewGradients,
    all: ofGradients,
    ...short110,
  }),
  fig5c: atis("fig5c", "Figure 5c: LSTM on ATIS, gradients averaged", averagedGradients),
} satisfies Readonly<Record<string, Figure>>;
