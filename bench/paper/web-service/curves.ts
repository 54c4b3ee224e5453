/** From runs to what the figures show. */
import type { Degrees } from "./degrees.ts";
import type { RunFigures, Scenario } from "./network/run.ts";
import type { Ladder, SpeedUpStudy } from "./study.ts";

export type Lookup = (scenario: Scenario) => RunFigures;

export interface SpeedUpPoint {
  readonly discipline: Scenario["discipline"];
  readonly learningLoss: number;
  /** Of the mean completion time against no priority. */
  readonly speedUp: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly unfinished: number;
}

/** The first point is that of no priority. */
function speedUpCurve({ alike, webFirst }: Degrees, look: Lookup): SpeedUpPoint[] {
  const baseMs = look(alike).meanMs;
  return [alike, ...webFirst].map((scenario) => {
    const { learningLoss, meanMs, p99Ms, unfinished } = look(scenario);
    const { discipline } = scenario;
    return { discipline, learningLoss, speedUp: baseMs / meanMs, meanMs, p99Ms, unfinished };
  });
}

/**
 * Without the first point where that is another kind of queue: between one queue and two there is no degree,
 * so nothing may be read there.
 */
export function ofOneKind(points: readonly SpeedUpPoint[]): readonly SpeedUpPoint[] {
  const kind = points.at(-1)?.discipline.kind;
  return points.filter(({ discipline }) => discipline.kind === kind);
}

function meanCurve(curves: readonly (readonly SpeedUpPoint[])[]): SpeedUpPoint[] {
  const [first = []] = curves;
  return first.map(({ discipline }, at) => {
    const points = curves.flatMap((curve) => curve[at] ?? []);
    const mean = (of: (point: SpeedUpPoint) => number) =>
      points.reduce((sum, point) => sum + of(point), 0) / points.length;
    return {
      discipline,
      learningLoss: mean((point) => point.learningLoss),
      speedUp: mean((point) => point.speedUp),
      meanMs: mean((point) => point.meanMs),
      p99Ms: mean((point) => point.p99Ms),
      unfinished: points.reduce((sum, point) => sum + point.unfinished, 0),
    };
  });
}

/** Straight lines between neighbours on the x axis; null where the curve does not reach. */
export function interpolate(points: readonly (readonly [x: number, y: number])[], x: number): number | null {
  const sorted = points.toSorted(([a], [b]) => a - b);
  for (const [at, [x1, y1]] of sorted.entries()) {
    const [x0, y0] = sorted[at - 1] ?? [x1, y1];
    if (x1 >= x && x0 <= x) return x1 === x0 ? y1 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  }
  return null;
}

export function speedUpAt(curve: readonly SpeedUpPoint[], learningLoss: number): number | null {
  return interpolate(
    ofOneKind(curve).map((point) => [point.learningLoss, point.speedUp]),
    learningLoss,
  );
}

export interface SpeedUpAtLoss {
  readonly learningLoss: number;
  readonly mean: number | null;
  readonly bySeed: readonly (number | null)[];
}

export interface SpeedUpCurve {
  readonly messagesPerSecond: number;
  readonly points: readonly SpeedUpPoint[];
  readonly at: readonly SpeedUpAtLoss[];
}

/** Learning losses at which a curve is read. */
const readAt = [0.01, 0.05, 0.1, 0.2] as const;

export function curveOf({ messagesPerSecond, bySeed }: SpeedUpStudy, look: Lookup): SpeedUpCurve {
  const curves = bySeed.map((degrees) => speedUpCurve(degrees, look));
  const points = meanCurve(curves);
  const at = readAt.map((learningLoss) => ({
    learningLoss,
    mean: speedUpAt(points, learningLoss),
    bySeed: curves.map((curve) => speedUpAt(curve, learningLoss)),
  }));
  return { messagesPerSecond, points, at };
}

export interface LoadPoint {
  readonly learningShare: number;
  readonly messagesPerSecond: number;
  readonly learningLoss: number;
}

/** The web load at which messages take `targetMs` on average, and what learning loses there. */
export function loadAt(
  { learningShare, scenarios }: Ladder,
  look: Lookup,
  targetMs: number,
): LoadPoint | null {
  const steps = scenarios.map((scenario) => ({ load: scenario.messagesPerSecond, ...look(scenario) }));
  // The first step that is too slow: beyond it the network is overloaded and means say little.
  const above = steps.findIndex(({ meanMs }) => meanMs >= targetMs);
  const [low, high] = [steps[above - 1], steps[above]];
  if (!low || !high) return null;
  const share = Math.log(targetMs / low.meanMs) / Math.log(high.meanMs / low.meanMs);
  return {
    learningShare,
    messagesPerSecond: low.load + share * (high.load - low.load),
    learningLoss: low.learningLoss + share * (high.learningLoss - low.learningLoss),
  };
}
