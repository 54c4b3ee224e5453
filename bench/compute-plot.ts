/** The bars of bench/compute.ts: what each contestant makes of each model at its best step, and the yardstick. */
import { barPlot } from "./bar-plot.ts";
import type { ContestantName } from "./contestants.ts";
import type { Row } from "./race.ts";
import type { PeakFigures } from "./ratios.ts";

export function computePlot(
  models: readonly string[],
  rows: readonly Row[],
  peak: PeakFigures | null,
): string {
  const groups = models.map((model) => ({
    title: model,
    bars: rows.flatMap(({ model: of, contestant, gflops, stepMs = NaN }) =>
      of === model && gflops !== undefined
        ? [{ name: contestant, value: gflops, label: duration(stepMs), colour: colourOf(contestant) }]
        : [],
    ),
  }));
  const yardstick = peak && {
    title: "2048³ matrices",
    bars: [
      { name: "OpenBLAS", value: peak.full, label: peak.full.toFixed(0), colour: "#999" },
      { name: "OpenBLAS, SSE", value: peak.sse, label: peak.sse.toFixed(0), colour: "#999" },
    ],
  };
  return barPlot("A training step, one core", "GFLOP/s", [...groups, ...(yardstick ? [yardstick] : [])]);
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1_000).toPrecision(3))} s`;
}

function colourOf(name: ContestantName): string {
  return name.startsWith("shoal") ? "#1f77b4" : "#ff9f4a";
}
