/**
 * Two curves over rounds: this tab's training loss and the room's. A drawing of two paths: nothing to load,
 * and its colours follow the scheme by themselves.
 */
import { element, setText } from "../../shared/page/element.ts";
import { count, loss } from "../../shared/page/format.ts";
import { svg } from "./svg.ts";

export interface LossPoint {
  readonly round: number;
  readonly loss: number;
}

export interface LossChart {
  addOwn(point: LossPoint): void;
  addRoom(point: LossPoint): void;
  draw(): void;
}

/** Above it every second point goes: the curve keeps its shape, the page its memory. */
const maxPoints = 600;
const width = 600;
const height = 180;

export function createLossChart(target: HTMLElement): LossChart {
  const own = svg("path", { class: "curve own" });
  const room = svg("path", { class: "curve room" });
  const lines = [0.25, 0.5, 0.75].map((at) =>
    svg("line", { class: "grid", x1: 0, x2: width, y1: at * height, y2: at * height }),
  );
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" },
    ...lines,
    room,
    own,
  );
  const top = element("span", { class: "top" });
  const from = element("span");
  const to = element("span");
  target.replaceChildren(
    element(
      "p",
      { class: "keys" },
      element("span", { class: "key own" }, "this tab"),
      element("span", { class: "key room" }, "everybody’s mean"),
    ),
    element("div", { class: "curves" }, top, drawing),
    element("p", { class: "span quiet", "aria-hidden": "true" }, from, to),
  );
  let ownPoints: LossPoint[] = [];
  let roomPoints: LossPoint[] = [];

  function draw(): void {
    const all = [...ownPoints, ...roomPoints];
    const box = boxOf(all);
    own.setAttribute("d", pathOf(ownPoints, box));
    room.setAttribute("d", pathOf(roomPoints, box));
    setText(top, all.length === 0 ? "" : loss(box.top));
    setText(from, all.length === 0 ? "" : `round ${count(box.first)}`);
    setText(to, all.length === 0 ? "waiting for the first round" : `round ${count(box.last)}`);
    drawing.setAttribute("aria-label", inWords(ownPoints, roomPoints));
  }

  draw();
  return {
    addOwn(point) {
      ownPoints = added(ownPoints, point);
    },
    addRoom(point) {
      roomPoints = added(roomPoints, point);
    },
    draw,
  };
}

/** One point per round, and no more than `maxPoints`. */
function added(points: LossPoint[], point: LossPoint): LossPoint[] {
  const last = points.at(-1);
  // A room whose training began again.
  if (last && point.round < last.round) return [point];
  if (last && point.round === last.round) points.pop();
  points.push(point);
  return points.length <= maxPoints ? points : points.filter((_, index) => index % 2 === 0);
}

interface Box {
  readonly first: number;
  readonly last: number;
  readonly top: number;
}

function boxOf(points: readonly LossPoint[]): Box {
  const rounds = points.map(({ round }) => round);
  const top = Math.max(1e-6, ...points.map((point) => point.loss)) * 1.05;
  return { first: Math.min(...rounds), last: Math.max(...rounds), top };
}

function pathOf(points: readonly LossPoint[], { first, last, top }: Box): string {
  const x = (round: number) => ((round - first) / Math.max(1, last - first)) * width;
  const y = (value: number) => height - (value / top) * height;
  const steps = points.map(({ round, loss: value }) => `${x(round).toFixed(1)} ${y(value).toFixed(1)}`);
  return steps.length === 0 ? "" : `M${steps.join("L")}`;
}

function inWords(own: readonly LossPoint[], room: readonly LossPoint[]): string {
  const first = own[0];
  const last = own.at(-1);
  if (!first || !last) return "No round yet.";
  const course = `Loss of this tab from ${loss(first.loss)} in round ${first.round} to ${loss(last.loss)} in round ${last.round}`;
  const other = room.at(-1);
  return other ? `${course}; everybody’s mean is ${loss(other.loss)}.` : `${course}.`;
}
