/** The room's curves over the last hour: what each chart shows. */
import UPlot from "uplot";
import type { HistoryPoint } from "../../shared/net/status.ts";
import { byId } from "../../shared/page/element.ts";
import { count, loss, milliseconds, percent } from "../../shared/page/format.ts";
import { createChart } from "./chart.ts";
import type { ChartSpec } from "./chart.ts";
import { curvePoints } from "./curve-points.ts";

const specs: readonly ChartSpec[] = [
  {
    title: "Loss",
    label: loss,
    curves: [
      { name: "training", colour: "first", value: (point) => point.loss },
      { name: "validation", colour: "second", value: (point) => point.validationLoss },
    ],
  },
  {
    title: "Accuracy",
    label: percent,
    tick: (value) => `${Number((value * 100).toFixed(1))} %`,
    top: 1,
    curves: [{ name: "validation", colour: "first", value: (point) => point.accuracy }],
  },
  {
    title: "Averaging time",
    label: milliseconds,
    fromZero: true,
    curves: [
      { name: "median", colour: "first", value: (point) => point.roundMsP50 },
      { name: "95th percentile", colour: "second", value: (point) => point.roundMsP95 },
    ],
  },
  {
    title: "Peers that train",
    label: (value) => (value === null ? "–" : count(value)),
    fromZero: true,
    isCount: true,
    curves: [{ name: "members", colour: "first", value: (point) => point.peers }],
  },
];

/** `startedMs`: wall-clock time of second 0 of the history. */
export function createCharts(): (history: readonly HistoryPoint[], startedMs: number) => void {
  const pointer = UPlot.sync("room");
  const charts = specs.map((spec) => createChart(spec, byId("charts"), pointer.key));
  return (history, startedMs) => {
    const points = curvePoints(history);
    for (const show of charts) show(points, startedMs);
  };
}
