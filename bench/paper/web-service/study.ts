/** Which scenarios the figures need: their axes, and the variants of what the paper leaves open. */
import { defaultScenario } from "./defaults.ts";
import { sharedDegrees, strictDegrees, weightedDegrees, withLearningShare } from "./degrees.ts";
import type { Degrees } from "./degrees.ts";
import type { Scenario } from "./network/run.ts";

export const sizes = ["test", "full"] as const;
export type Size = (typeof sizes)[number];

/** One network under one web load; a curve for each seed. */
export interface SpeedUpStudy {
  readonly messagesPerSecond: number;
  readonly bySeed: readonly Degrees[];
}

/** One degree of priority under ever more web load. */
export interface Ladder {
  readonly learningShare: number;
  readonly scenarios: readonly Scenario[];
}

export interface Variant {
  readonly group: "queue" | "transport" | "bursts" | "mechanism";
  readonly name: string;
  readonly studies: readonly SpeedUpStudy[];
}

export interface Study {
  readonly speedUp: readonly SpeedUpStudy[];
  readonly alike: Ladder;
  readonly webFirst: readonly Ladder[];
  readonly variants: readonly Variant[];
}

interface Axes {
  readonly base: Scenario;
  readonly seeds: readonly number[];
  readonly loads: readonly number[];
  readonly shares: readonly number[];
  readonly ladder: readonly number[];
  readonly ladderShares: readonly number[];
  readonly variantShares: readonly number[];
  readonly weights: readonly number[];
}

const thousands = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => (from + index) * 1000);

const axes: Readonly<Record<Size, Axes>> = {
  full: {
    base: defaultScenario,
    seeds: [1, 2, 3],
    loads: [2_000, 5_000, 10_000],
    shares: [0.95, 0.85, 0.6, 0.45, 0.35, 0.2, 0.1, 0.03, 0],
    ladder: thousands(3, 14),
    ladderShares: [0.95, 0.85, 0.6, 0.35, 0.1],
    variantShares: [0.85, 0.6, 0.35, 0.1, 0.02],
    weights: [1, 2, 4, 8, 16],
  },
  // An eighth of the model: as much learning traffic in shorter rounds.
  test: {
    base: { ...defaultScenario, learning: { ...defaultScenario.learning, parameters: 216_340 } },
    seeds: [1],
    loads: [5_000],
    shares: [0.6, 0.45, 0.1],
    ladder: [3_000, 5_000, 8_000],
    ladderShares: [0.45, 0.1],
    variantShares: [0.45, 0.1],
    weights: [2, 8],
  },
};

/** `roundsOf` says how many rounds each run is measured; without it, as many as the defaults say. */
export function planStudy(size: Size, roundsOf: (base: Scenario) => number = (base) => base.rounds): Study {
  const chosen = axes[size];
  const base = { ...chosen.base, rounds: roundsOf(chosen.base) };
  const ladder = (learningShare: number): Ladder => ({
    learningShare,
    scenarios: chosen.ladder.map((messagesPerSecond) =>
      withLearningShare({ ...base, messagesPerSecond }, learningShare),
    ),
  });
  return {
    speedUp: atLoads(base, chosen, (scenario) => sharedDegrees(scenario, chosen.shares), chosen.seeds),
    alike: ladder(1),
    webFirst: chosen.ladderShares.map(ladder),
    variants: planVariants(base, chosen),
  };
}

function atLoads(
  base: Scenario,
  { loads, seeds }: Axes,
  degrees: (scenario: Scenario) => Degrees,
  ofSeeds: readonly number[] = seeds.slice(0, 1),
): SpeedUpStudy[] {
  return loads.map((messagesPerSecond) => ({
    messagesPerSecond,
    bySeed: ofSeeds.map((seed) => degrees({ ...base, messagesPerSecond, seed })),
  }));
}

function planVariants(base: Scenario, chosen: Axes): Variant[] {
  const { variantShares: shares, weights } = chosen;
  const { transport, learning } = base;
  const variant = (group: Variant["group"], name: string, scenario: Scenario): Variant => ({
    group,
    name,
    studies: atLoads(scenario, chosen, (at) => sharedDegrees(at, shares)),
  });
  return [
    ...[30, 75, 150, 300, 600].map((kilobytes) =>
      variant("queue", `${kilobytes} kB`, { ...base, bufferBytes: kilobytes * 1000 }),
    ),
    variant("transport", "NewReno, 10 ms", base),
    variant("transport", "NewReno, 200 ms", { ...base, transport: { ...transport, minRtoMs: 200 } }),
    variant("transport", "DCTCP, 10 ms", { ...base, transport: { ...transport, kind: "dctcp" } }),
    variant("transport", "ideal", { ...base, transport: { ...transport, kind: "ideal" } }),
    ...[0.15, 0.3, 0.5, 0.75, 1].map((burstShare) =>
      variant("bursts", `${burstShare * 1000} Mb/s`, { ...base, learning: { ...learning, burstShare } }),
    ),
    variant("mechanism", "drop threshold", base),
    {
      group: "mechanism",
      name: "weighted",
      studies: atLoads(base, chosen, (at) => weightedDegrees(at, weights)),
    },
    {
      group: "mechanism",
      name: "strict",
      studies: atLoads(base, chosen, (at) => strictDegrees(at, [1, ...shares, 0])),
    },
  ];
}

/** Each once, in the figures' order. */
export function scenariosOf({ speedUp, alike, webFirst, variants }: Study): Scenario[] {
  const studies = [...speedUp, ...variants.flatMap((variant) => variant.studies)];
  const degrees = studies.flatMap(({ bySeed }) => bySeed);
  const all = [
    ...degrees.flatMap((curve) => [curve.alike, ...curve.webFirst]),
    ...[alike, ...webFirst].flatMap(({ scenarios }) => scenarios),
  ];
  return [...new Map(all.map((scenario) => [JSON.stringify(scenario), scenario])).values()];
}
