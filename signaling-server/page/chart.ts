/**
 * One chart, drawn by uPlot in the colours of the style sheet. Pointing at it (or focusing it and pressing
 * the arrow keys) shows the values of that moment; a screen reader gets a summary and the same values.
 */
import UPlot from "uplot";
import type { HistoryPoint } from "../../shared/net/status.ts";
import { element, setText } from "../../shared/page/element.ts";
import { clockTime, count } from "../../shared/page/format.ts";

interface Curve {
  readonly name: string;
  readonly colour: "first" | "second";
  readonly value: (point: HistoryPoint) => number | null;
}
export interface ChartSpec {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly label: (value: number | null) => string;
  /** Text at the axis where it is not `label`. */
  readonly tick?: (value: number) => string;
  /** Above what the axis ends at most; shares end at 1. */
  readonly top?: number;
  readonly fromZero?: boolean;
  /** Whole numbers that change in steps. */
  readonly isCount?: boolean;
}

type Show = (points: readonly HistoryPoint[], startedMs: number) => void;

const plotHeight = 190;
/** A run of a few seconds is not stretched over the whole width. */
const leastSeconds = 30;

export function createChart(spec: ChartSpec, target: HTMLElement, syncKey: string): Show {
  const values = spec.curves.map(() => element("b"));
  const keys = spec.curves.map(({ name, colour }, index) =>
    element("span", { class: `key ${colour}` }, `${name} `, values[index] ?? ""),
  );
  const moment = element("span", { class: "moment" });
  const summary = element("p", { class: "unseen", id: `summary-${spec.title.replaceAll(" ", "-")}` });
  const box = element("div", {
    class: "plot",
    tabindex: "0",
    role: "slider",
    "aria-label": `${spec.title} over time`,
    "aria-describedby": summary.id,
    "aria-valuemin": "0",
  });
  const title = element("h3", {}, spec.title);
  const caption = element("figcaption", {}, title, moment, element("span", { class: "keys" }, ...keys));
  target.append(element("figure", { class: "card" }, caption, box, summary));

  let points: readonly HistoryPoint[] = [];
  let startedMs = 0;
  let plot = draw();
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: plotHeight })).observe(box);
  // uPlot reads its colours once: another colour scheme needs another plot.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plot.destroy();
    plot = draw();
  });
  box.addEventListener("keydown", (event) => {
    const index = moved(event.key, plot.cursor.idx ?? points.length - 1, points.length);
    if (index === null) return;
    event.preventDefault();
    point(index);
  });
  box.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }));

  function draw(): UPlot {
    const options = plotOptions(spec, { width: box.clientWidth, syncKey, onPoint: showMoment });
    return new UPlot(options, columns(spec, points, startedMs), box);
  }

  function point(index: number): void {
    const at = plot.data[0][index];
    if (at !== undefined) plot.setCursor({ left: plot.valToPos(at, "x"), top: plotHeight / 2 });
  }

  /** Of the moment pointed at, else the newest. */
  function showMoment(index: number | null | undefined): void {
    const pointed = index === null || index === undefined ? undefined : points[index];
    const texts = spec.curves.map((curve) =>
      spec.label(pointed ? curve.value(pointed) : newest(points, curve)),
    );
    for (const [at, value] of values.entries()) setText(value, texts[at] ?? "");
    const when = pointed ? `${timeOf(pointed)}, round ${count(pointed.round)}` : "";
    setText(moment, points.length === 0 ? "begins with the first round" : when);
    const said = spec.curves.map(({ name }, at) => `${name} ${texts[at]}`).join(", ");
    box.setAttribute("aria-valuenow", `${index ?? Math.max(0, points.length - 1)}`);
    box.setAttribute("aria-valuetext", `${when || "now"}: ${said}`);
  }

  function timeOf({ t }: HistoryPoint): string {
    return clockTime(startedMs + t * 1_000);
  }

  return (newPoints, newStartedMs) => {
    points = newPoints;
    startedMs = newStartedMs;
    plot.setData(columns(spec, points, startedMs));
    box.setAttribute("aria-valuemax", `${Math.max(0, points.length - 1)}`);
    showMoment(plot.cursor.idx);
    setText(summary, summaryOf(spec, points, timeOf));
  };
}

function moved(key: string, index: number, length: number): number | null {
  const steps: Partial<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };
  const target = key === "Home" ? 0 : key === "End" ? length - 1 : index + (steps[key] ?? Number.NaN);
  return length === 0 || Number.isNaN(target) ? null : Math.min(length - 1, Math.max(0, target));
}

function summaryOf(
  { curves, label }: ChartSpec,
  points: readonly HistoryPoint[],
  timeOf: (point: HistoryPoint) => string,
): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return "Nothing is known yet.";
  const texts = curves.map((curve) => {
    const known = points.map(curve.value).filter((value) => value !== null);
    if (known.length === 0) return `${curve.name}: not known yet`;
    const [low, high] = [Math.min(...known), Math.max(...known)];
    return `${curve.name}: from ${label(known[0] ?? null)} to ${label(known.at(-1) ?? null)}, between ${label(low)} and ${label(high)}`;
  });
  return `${timeOf(first)} to ${timeOf(last)}. ${texts.join("; ")}.`;
}

interface Drawing {
  readonly width: number;
  readonly syncKey: string;
  onPoint(index: number | null | undefined): void;
}

function plotOptions(spec: ChartSpec, { width, syncKey, onPoint }: Drawing): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour("quiet"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const stepped = spec.isCount ? UPlot.paths.stepped?.({ align: 1 }) : undefined;
  return {
    width,
    height: plotHeight,
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: syncKey } },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx)] },
    scales: {
      x: { range: (_, from, to) => timeRange(from, to) },
      y: { range: ({ data }, low, high) => (data[0].length === 0 ? [null, null] : range(low, high, spec)) },
    },
    axes: [
      { ...axis, size: 24, gap: 6, space: 76, values: (_, ticks) => ticks.map(tickTime) },
      {
        ...axis,
        size: 58,
        gap: 6,
        ...(spec.isCount ? { incrs: [1, 2, 5, 10, 20, 50] } : {}),
        values: (_, ticks) => ticks.map(spec.tick ?? ((tick) => (tick === 0 ? "0" : shortTick(spec, tick)))),
      },
    ],
    series: [
      {},
      ...spec.curves.map((curve) => ({
        stroke: colour(curve.colour),
        ...(spec.curves.length === 1 ? { fill: `${colour(curve.colour)}1c` } : {}),
        width: 1.75,
        ...(stepped ? { paths: stepped } : {}),
        points: { show: false },
      })),
    ],
  };
}

function shortTick({ label, isCount }: ChartSpec, tick: number): string {
  const text = label(tick);
  return isCount ? text : text.replace(/^(\d+\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
}

/** None before the first point, and so no axes: there is no time that they could begin with. */
function timeRange(from: number | null, to: number | null): [number | null, number | null] {
  return from === null || to === null ? [null, null] : [Math.min(from, to - leastSeconds), to];
}

function tickTime(seconds: number): string {
  return clockTime(seconds * 1_000).replace(/:00$/, "");
}

function range(low: number | null, high: number | null, { top, fromZero }: ChartSpec): [number, number] {
  if (low === null || high === null) return [0, top ?? 1];
  const bottom = fromZero ? 0 : low;
  const margin = (high - bottom || high || 1) * 0.08;
  return [fromZero ? 0 : Math.max(0, low - margin), Math.min(high + margin, top ?? Infinity)];
}

function columns(spec: ChartSpec, points: readonly HistoryPoint[], startedMs: number): UPlot.AlignedData {
  return [points.map(({ t }) => startedMs / 1_000 + t), ...spec.curves.map(({ value }) => points.map(value))];
}

function newest(points: readonly HistoryPoint[], { value }: Curve): number | null {
  const found = points.findLast((point) => value(point) !== null);
  return found ? value(found) : null;
}
