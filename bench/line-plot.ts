/** Curves as an SVG file: enough for docs/results, and nothing that has to be installed. */
export interface Curve {
  /** For the legend; absent: it has no line of its own there. */
  readonly name?: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** `dots` for what was measured here and there, `dashes` for a second kind of line. */
  readonly style?: "line" | "dots" | "dashes";
}

export interface PlotText {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** The highest value that is shown; curves leave the picture above it. */
  readonly maxY?: number;
  /** Of positive values that lie far apart. */
  readonly isLogY?: boolean;
  readonly isLogX?: boolean;
}

/** To be told apart by everybody: Paul Tol's "bright" scheme. */
export const colours = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#777777"] as const;

const [width, height] = [760, 360];
/** The legend is on the right of the curves, where none can run through it. */
const margin = { left: 56, right: 170, top: 36, bottom: 44 };
const wantedTicks = 6;

export function linePlot(text: PlotText, all: readonly Curve[]): string {
  const curves = all.map((curve) => ({ ...curve, points: curve.points.filter(isFinitePoint) }));
  const points = curves.flatMap((curve) => curve.points);
  const places = points.map(([x]) => x);
  const xs = text.isLogX ? logTicksOf(places) : ticksOf(places);
  const { maxY = Infinity } = text;
  const values = points.map(([, y]) => Math.min(y, maxY));
  const ys = text.isLogY ? logTicksOf(values) : ticksOf([0, ...values]);
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const toX = (text.isLogX ? logScale : scale)(xs, margin.left, right);
  const toY = (text.isLogY ? logScale : scale)(ys, bottom, margin.top);
  const label = (x: number, y: number, anchor: string, words: string, more = "") =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${more}>${escaped(words)}</text>`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    label(width / 2, 20, "middle", text.title, ' font-size="14"'),
    ...ys.map((y) => `<path d="M${margin.left} ${toY(y).toFixed(1)}H${right}" stroke="#ddd"/>`),
    ...ys.map((y) => label(margin.left - 6, toY(y) + 4, "end", figure(y))),
    ...xs.map((x) => label(toX(x), bottom + 16, "middle", figure(x))),
    label((margin.left + right) / 2, height - 8, "middle", text.x),
    label(14, height / 2, "middle", text.y, ` transform="rotate(-90 14 ${height / 2})"`),
    `<clipPath id="inside"><rect x="${margin.left}" y="${margin.top}" width="${right - margin.left}" height="${bottom - margin.top}"/></clipPath>`,
    ...curves.map((curve) => drawn(curve, toX, toY)),
    ...curves
      .filter(({ name }) => name !== undefined)
      .map(({ name = "", colour }, row) =>
        label(right + 12, margin.top + 12 + 18 * row, "start", name, ` fill="${colour}"`),
      ),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

/** What diverged has no place in a picture. */
function isFinitePoint([x, y]: readonly [number, number]): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** Plots side by side, row by row. */
export function panels(plots: readonly string[], columns: number): string {
  const rows = Math.ceil(plots.length / columns);
  const size = `width="${width}" height="${height}"`;
  const placed = plots.map((plot, at) => {
    const [x, y] = [(at % columns) * width, Math.floor(at / columns) * height];
    return plot.replace("<svg ", `<svg x="${x}" y="${y}" ${size} `);
  });
  const all = `viewBox="0 0 ${columns * width} ${rows * height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${all}>\n${placed.join("")}</svg>\n`;
}

type Scale = (value: number) => number;

function drawn({ colour, points, style = "line" }: Curve, toX: Scale, toY: Scale): string {
  const places = points.map(([x, y]) => [toX(x).toFixed(1), toY(y).toFixed(1)] as const);
  if (style === "dots")
    return places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`).join("\n");
  const path = places.map((place) => place.join(" ")).join("L");
  const dashes = style === "dashes" ? ' stroke-dasharray="5 4"' : "";
  return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="1.5"${dashes} clip-path="url(#inside)"/>`;
}

/** Round figures from below the smallest value to above the largest. */
function ticksOf(values: readonly number[]): number[] {
  const low = Math.min(...values);
  const high = Math.max(...values, low + 1e-6);
  const rough = (high - low) / wantedTicks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** 1, 2 and 5 of each power of ten, from below the smallest value to above the largest. */
function logTicksOf(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const powers = Array.from(
    { length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
    (_, index) => 10 ** (Math.floor(Math.log10(low)) + index),
  );
  const all = powers.flatMap((power) => [power, 2 * power, 5 * power]);
  const first = all.findLastIndex((tick) => tick <= low);
  const last = all.findIndex((tick) => tick >= high);
  return all.slice(Math.max(0, first), last + 1);
}

function logScale(ticks: readonly number[], from: number, to: number): Scale {
  const linear = scale(ticks.map(Math.log10), from, to);
  return (value) => linear(Math.log10(value));
}

function scale(ticks: readonly number[], from: number, to: number): Scale {
  const low = ticks[0] ?? 0;
  const high = ticks.at(-1) ?? 1;
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function figure(value: number): string {
  return `${Number(value.toPrecision(6))}`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
