/**
 * What losses cost, in theory and measured. n workers learn f(x) = ½‖x‖² from gradients with noise and average
 * through the round machine; where it has settled, f of the mean model is proportional to the noise of an
 * averaged gradient, so its ratio to a run without losses is how many times more samples are needed.
 *
 * Exactly, with a step of γ: local steps leave Σ‖v_i − v̄‖² = V = (1−γ)²·S + γ²σ²d(n−1); an averaging leaves
 * S = β·V of it and moves the mean by (α2 / n)·V on average. Where that has settled the ratio is
 * 1 + (n−1)·α2 / (1 − β(1−γ)²); for small steps and many workers that is nearly 1 + 2p. Beside it Corollary 2's
 * upper bound: its factor is one of the bound after T steps, which falls as 1/√T, so in samples it is squared.
 */
import { setImmediate } from "node:timers/promises";
import { createRng, mix } from "../../../shared/core/rng.ts";
import { createExchange } from "../../../shared/simulation/exchange.ts";
import { corollary2, estimate, exactMoments } from "../../../shared/simulation/moments.ts";
import { colours, linePlot } from "../../line-plot.ts";
import type { Figure, Size } from "./figure.ts";

interface Extent {
  readonly workers: readonly number[];
  readonly drops: readonly number[];
  readonly rounds: number;
}

const extents: Readonly<Record<Size, Extent>> = {
  test: { workers: [8], drops: [0.4], rounds: 600 },
  compressed: { workers: [4, 8, 16], drops: [0.05, 0.1, 0.2, 0.4], rounds: 4_000 },
  full: { workers: [4, 8, 16, 32], drops: [0.05, 0.1, 0.2, 0.3, 0.4, 0.5], rounds: 40_000 },
};

const learningRate = 0.05;
/** Rounds until the start is forgotten. */
const settling = 200;
/** Rounds after which samples of the mean model are nearly independent: 1 / learningRate, and again. */
const apart = 40;
const valuesPerFragment = 8;

export interface TheoryPoint {
  readonly workers: number;
  readonly drop: number;
  /** Noise of the averaged gradient, and so samples, relative to a network without losses; with its standard error. */
  readonly measured: number;
  readonly error: number;
  readonly exact: number;
  readonly simple: number;
  /** The bound's factor squared: samples, as the others. */
  readonly corollary2: number;
}

export interface TheoryFigures {
  readonly rounds: number;
  readonly learningRate: number;
  readonly points: readonly TheoryPoint[];
}

export const theory: Figure<TheoryFigures> = {
  title: "What losses cost: measured, 1 + 2p and Corollary 2",
  async make({ size, signal, say }) {
    const { workers, drops, rounds } = extents[size];
    const points: TheoryPoint[] = [];
    for (const count of workers) {
      for (const drop of drops) {
        points.push(measure(count, drop, rounds));
        // Lets Ctrl-C through.
        await setImmediate();
        signal.throwIfAborted();
      }
      say(`n = ${count}: ${drops.length} drop rates measured over ${rounds} rounds each`);
    }
    return { figures: { rounds, learningRate, points }, plots: { theory: plot(workers, points) } };
  },
};

function measure(workers: number, drop: number, rounds: number): TheoryPoint {
  const { alpha2, beta } = exactMoments(workers, drop);
  const { mean, error } = settledNoise(workers, drop, rounds);
  return {
    workers,
    drop,
    measured: mean,
    error,
    exact: 1 + ((workers - 1) * alpha2) / (1 - beta * (1 - learningRate) ** 2),
    simple: 1 + 2 * drop,
    corollary2: corollary2(workers, drop) ** 2,
  };
}

/** ‖mean model‖² where it has settled, relative to what it is without losses (an AR(1) process: exact). */
function settledNoise(workers: number, drop: number, rounds: number): { mean: number; error: number } {
  const size = workers * valuesPerFragment;
  const seed = mix(workers, Math.round(1000 * drop), 7);
  const exchange = createExchange({
    peers: workers,
    valueCount: size,
    valuesPerFragment,
    averaging: "rps",
    seed,
    weather: { loss: drop },
  });
  const rng = createRng(seed);
  const lossless = (learningRate * size) / (workers * (2 - learningRate));
  let replicas: Float32Array[] = Array.from({ length: workers }, () => new Float32Array(size));
  const samples: number[] = [];
  for (let round = 0; round < settling + rounds; round++) {
    const moved = replicas.map((replica) =>
      replica.map((value) => value - learningRate * (value + rng.normal())),
    );
    replicas = exchange.round(round, replicas, moved);
    if (round >= settling && round % apart === 0) samples.push(squaredMean(replicas) / lossless);
  }
  return estimate(samples);
}

function squaredMean(replicas: readonly Float32Array[]): number {
  const length = replicas[0]?.length ?? 0;
  let sum = 0;
  for (let i = 0; i < length; i++)
    sum += (replicas.reduce((total, replica) => total + (replica[i] ?? 0), 0) / replicas.length) ** 2;
  return sum;
}

function plot(workers: readonly number[], points: readonly TheoryPoint[]): string {
  const text = {
    title: "Samples for the same result, relative to no losses",
    x: "drop rate p",
    y: "factor",
    isLogY: true,
  };
  const drops = Array.from({ length: 41 }, (_, index) => index / 100);
  const largest = workers.at(-1) ?? 16;
  const predicted = (read: (drop: number) => number) => drops.map((drop) => [drop, read(drop)] as const);
  return linePlot(text, [
    ...workers.map((count, index) => ({
      name: `n = ${count}, measured`,
      colour: colours[index] ?? "#000",
      points: points
        .filter((point) => point.workers === count)
        .map((point) => [point.drop, point.measured] as const),
      style: "dots" as const,
    })),
    { name: "1 + 2p", colour: colours[3], points: predicted((drop) => 1 + 2 * drop) },
    {
      name: `Corollary 2, n = ${largest}`,
      colour: colours[6],
      points: predicted((drop) => corollary2(largest, drop) ** 2),
      style: "dashes" as const,
    },
  ]);
}
