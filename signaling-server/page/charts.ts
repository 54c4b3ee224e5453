/** The curves, over rounds. Drawn by uPlot in the colours of the style sheet. */
import UPlot from "uplot";
import type { HistoryPoint } from "../../shared/net/status.ts";
import { byId, element, setText } from "./element.ts";
import { loss, milliseconds, percent } from "./format.ts";

interface Curve {
  readonly name: string;
  readonly colour: "first" | "second";
  readonly value: (point: HistoryPoint) => number | null;
}
interface ChartSpec {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly label: (value: number | null) => string;
  /** Above what the axis ends at most; shares end at 1. */
  readonly top?: number;
}

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
    top: 1,
    curves: [{ name: "validation", colour: "first", value: (point) => point.accuracy }],
  },
  {
    title: "Time of one averaging",
    label: milliseconds,
    curves: [{ name: "median", colour: "first", value: (point) => point.roundMsP50 }],
  },
];

const plotHeight = 190;

export function createCharts(): (history: readonly HistoryPoint[]) => void {
  const charts = specs.map(createChart);
  return (history) => {
    const run = newestRun(history);
    for (const show of charts) show(run);
  };
}

function createChart(spec: ChartSpec): (points: readonly HistoryPoint[]) => void {
  const values = spec.curves.map(() => element("span"));
  const keys = spec.curves.map(({ name, colour }, index) =>
    element("span", { class: `key ${colour}` }, `${name} `, values[index] ?? ""),
  );
  const box = element("div", { class: "plot" });
  const caption = element("figcaption", {}, element("strong", {}, spec.title), element("span", {}, ...keys));
  byId("charts").append(element("figure", { class: "card" }, caption, box));

  let points: readonly HistoryPoint[] = [];
  let plot = draw(spec, box);
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: plotHeight })).observe(box);
  // uPlot reads its colours once: another colour scheme needs another plot.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plot.destroy();
    plot = draw(spec, box);
    plot.setData(columns(spec, points));
  });

  return (newPoints) => {
    points = newPoints;
    plot.setData(columns(spec, points));
    for (const [index, curve] of spec.curves.entries()) {
      const target = values[index];
      if (target) setText(target, spec.label(newest(points, curve)));
    }
  };
}

function draw(spec: ChartSpec, box: HTMLElement): UPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour("quiet"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return new UPlot(
    {
      width: box.clientWidth,
      height: plotHeight,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_, low, high) => range(low, high, spec.top) } },
      axes: [
        { ...axis, size: 24, gap: 6 },
        { ...axis, size: 58, gap: 6, values: (_, ticks) => ticks.map((tick) => tickText(spec, tick)) },
      ],
      series: [
        {},
        ...spec.curves.map((curve) => ({
          stroke: colour(curve.colour),
          width: 1.75,
          spanGaps: true,
          points: { show: false },
        })),
      ],
    },
    columns(spec, []),
    box,
  );
}

function range(low: number | null, high: number | null, top: number | undefined): [number, number] {
  if (low === null || high === null) return [0, top ?? 1];
  const margin = (high - low || high || 1) * 0.08;
  return [Math.max(0, low - margin), Math.min(high + margin, top ?? Infinity)];
}

function tickText({ label, top }: ChartSpec, tick: number): string {
  return top === 1 ? `${Number((tick * 100).toFixed(1))} %` : label(tick).replace(/^0\.00$/, "0");
}

function columns(spec: ChartSpec, points: readonly HistoryPoint[]): UPlot.AlignedData {
  return [points.map(({ round }) => round), ...spec.curves.map(({ value }) => points.map(value))];
}

function newest(points: readonly HistoryPoint[], { value }: Curve): number | null {
  return points.map(value).findLast((known) => known !== null) ?? null;
}

/** One point per round, of the current run only: after everybody has left, rounds begin at 0 again. */
function newestRun(history: readonly HistoryPoint[]): HistoryPoint[] {
  const run: HistoryPoint[] = [];
  for (const point of history) {
    const last = run.at(-1);
    if (last && point.round < last.round) run.length = 0;
    else if (last && point.round === last.round) run.pop();
    run.push(point);
  }
  return run;
}
