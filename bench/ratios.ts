/** How many times as fast `shoal wasm` is as the others: at everybody's best step, and at everybody's median. */
import { peakBytes } from "../shared/training/memory.ts";
import { benchTask } from "./bench-tasks.ts";
import type { ContestantName } from "./contestants.ts";
import type { Peak, Row } from "./race.ts";

export interface Ratio {
  readonly best: number;
  readonly median: number;
}

export interface ModelRatios {
  readonly model: string;
  readonly openblasSse: Ratio | null;
  readonly openblas: Ratio | null;
  readonly tfjsCpu: Ratio | null;
  readonly tfjsWasm: Ratio | null;
  readonly jaxJs: Ratio | null;
  readonly predictedMegabytes: number;
}

/** GFLOP/s of one thread; all runs of one bench. */
export interface PeakFigures {
  readonly full: number;
  readonly sse: number;
  readonly medianFull: number;
  readonly medianSse: number;
}

export function peakFigures(peaks: readonly Peak[]): PeakFigures | null {
  if (peaks.length === 0) return null;
  const sorted = (of: keyof Peak) => peaks.map((peak) => peak[of]).toSorted((a, b) => a - b);
  const [full, sse] = [sorted("full"), sorted("sse")];
  const middle = peaks.length >> 1;
  return {
    full: full.at(-1) ?? NaN,
    sse: sse.at(-1) ?? NaN,
    medianFull: full[middle] ?? NaN,
    medianSse: sse[middle] ?? NaN,
  };
}

interface Rates {
  readonly best: number;
  readonly median: number;
}

export function ratiosOf(model: string, rows: readonly Row[], peak: PeakFigures | null): ModelRatios {
  const ratesOf = (name: ContestantName): Rates | undefined => {
    const row = rows.find((it) => it.model === model && it.contestant === name);
    const { gflops: best, medianGflops: median } = row ?? {};
    return best === undefined || median === undefined ? undefined : { best, median };
  };
  const own = ratesOf("shoal wasm");
  const against = (other: Rates | undefined): Ratio | null =>
    own && other ? { best: short(own.best / other.best), median: short(own.median / other.median) } : null;
  return {
    model,
    openblasSse: against(peak ? { best: peak.sse, median: peak.medianSse } : undefined),
    openblas: against(peak ? { best: peak.full, median: peak.medianFull } : undefined),
    tfjsCpu: against(ratesOf("tfjs cpu")),
    tfjsWasm: against(ratesOf("tfjs wasm")),
    jaxJs: against(ratesOf("jax-js")),
    predictedMegabytes: Math.round(peakBytes(benchTask(model), "wasm") / 1e6),
  };
}

/** For console.table: best / median. */
export function ratioCells({ model, predictedMegabytes, ...ratios }: ModelRatios) {
  const cells = Object.entries(ratios).map(([name, ratio]) => [
    name,
    ratio ? `${ratio.best} / ${ratio.median}` : "–",
  ]);
  return { model, ...Object.fromEntries(cells), predictedMegabytes };
}

const short = (ratio: number) => Number(ratio.toPrecision(3));
