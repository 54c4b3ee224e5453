/**
 * Figures 2 and 3: α1 and α2, the second moments of one RPS averaging, against the drop rate p and the number
 * of workers n: exactly, and measured on the round machine. The paper's claim is that α2 falls as 1/n.
 */
import { setImmediate } from "node:timers/promises";
import { createRng, mix } from "../../../shared/core/rng.ts";
import { createExchange } from "../../../shared/simulation/exchange.ts";
import { estimate, exactMoments, spread } from "../../../shared/simulation/moments.ts";
import { colours, linePlot } from "../../line-plot.ts";
import type { Curve } from "../../line-plot.ts";
import type { Figure, Size } from "./figure.ts";

interface Extent {
  readonly workers: readonly number[];
  readonly drops: readonly number[];
  /** With the most workers; with fewer there are more, so that each has as many samples of a drop. */
  readonly rounds: number;
}

const extents: Readonly<Record<Size, Extent>> = {
  test: { workers: [4, 16], drops: [0.1, 0.4], rounds: 120 },
  compressed: { workers: [2, 4, 8, 16, 32], drops: [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5], rounds: 400 },
  full: { workers: [2, 4, 8, 16, 32], drops: [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5], rounds: 10_000 },
};

const valuesPerFragment = 4;
/** α2 falls as 1/n, with what it comes to for many workers. */
const asPaper = (workers: number, drop: number) => (2 * drop * (1 - drop)) / workers;
const curveDrops = Array.from({ length: 51 }, (_, index) => index / 100);

export interface MomentsPoint {
  readonly workers: number;
  readonly drop: number;
  readonly exact: { readonly alpha1: number; readonly alpha2: number };
  /** With the standard error of the mean over the rounds. */
  readonly measured: {
    readonly alpha1: number;
    readonly alpha1Error: number;
    readonly alpha2: number;
    readonly alpha2Error: number;
  };
  /** n·α2 / 2p(1−p): 1 where α2 falls as 1/n. */
  readonly alpha2AsPaper: number;
}

export interface MomentsFigures {
  readonly rounds: number;
  readonly points: readonly MomentsPoint[];
}

export const moments: Figure<MomentsFigures> = {
  title: "Figures 2 and 3: α1 and α2",
  async make({ size, signal, say }) {
    const { workers, drops, rounds } = extents[size];
    const points: MomentsPoint[] = [];
    for (const count of workers) {
      const own = Math.round((rounds * Math.max(...workers)) / count);
      for (const drop of drops) {
        points.push(measureMoments(count, drop, own));
        // Lets Ctrl-C through.
        await setImmediate();
        signal.throwIfAborted();
      }
      say(`n = ${count}: ${drops.length} drop rates measured over ${own} rounds each`);
    }
    return {
      figures: { rounds, points },
      plots: {
        "fig2-alpha1": plot("α1", workers, points, ({ alpha1 }) => alpha1),
        "fig3-alpha2": plot("α2", workers, points, ({ alpha2 }) => alpha2, asPaper),
      },
    };
  },
};

/**
 * By the two identities that hold for any vectors V (docs/design.md): an averaging shrinks the spread of the
 * replicas around their mean by β = α1 − α2 on average, and moves their mean by α2 / n of it.
 */
function measureMoments(workers: number, drop: number, rounds: number): MomentsPoint {
  const valueCount = workers * valuesPerFragment;
  const seed = mix(workers, Math.round(1000 * drop));
  const exchange = createExchange({
    peers: workers,
    valueCount,
    valuesPerFragment,
    averaging: "rps",
    seed,
    weather: { loss: drop },
  });
  const [shrunk, moved]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const before = randomVectors(workers, valueCount, mix(seed, round));
    const was = spread(before);
    const is = spread(exchange.round(round, before, before));
    shrunk.push(is.spread / was.spread);
    const movement = is.mean.reduce((sum, value, i) => sum + (value - (was.mean[i] ?? 0)) ** 2, 0);
    moved.push((workers * movement) / was.spread);
  }
  const [beta, alpha2] = [estimate(shrunk), estimate(moved)];
  const alpha1 = estimate(shrunk.map((value, round) => value + (moved[round] ?? 0)));
  const exact = exactMoments(workers, drop);
  return {
    workers,
    drop,
    exact: { alpha1: exact.alpha1, alpha2: exact.alpha2 },
    measured: {
      alpha1: beta.mean + alpha2.mean,
      alpha1Error: alpha1.error,
      alpha2: alpha2.mean,
      alpha2Error: alpha2.error,
    },
    alpha2AsPaper: exact.alpha2 / asPaper(workers, drop),
  };
}

function randomVectors(count: number, length: number, seed: number): Float32Array[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length }, () => rng.normal()));
}

type Moments = Pick<ReturnType<typeof exactMoments>, "alpha1" | "alpha2">;

/** Lines are exact, dots are measured. */
function plot(
  name: string,
  workers: readonly number[],
  points: readonly MomentsPoint[],
  read: (of: Moments) => number,
  claim?: (workers: number, drop: number) => number,
): string {
  const text = {
    title: `${name}: lines exact, dots measured on the round machine${claim ? ", dashes 2p(1−p)/n" : ""}`,
    x: "drop rate p",
    y: name,
  };
  const curves = workers.flatMap((count, index) => {
    const colour = colours[index] ?? "#000";
    const own = points.filter((point) => point.workers === count);
    return [
      {
        name: `n = ${count}`,
        colour,
        points: curveDrops.map((drop) => [drop, read(exactMoments(count, drop))] as const),
      },
      {
        colour,
        points: own.map((point) => [point.drop, read(point.measured)] as const),
        style: "dots" as const,
      },
    ];
  });
  if (!claim) return linePlot(text, curves);
  const claimed = workers.map((count, index): Curve => ({
    colour: colours[index] ?? "#000",
    points: curveDrops.map((drop) => [drop, claim(count, drop)] as const),
    style: "dashes",
  }));
  return linePlot(text, [...curves, ...claimed]);
}
