/** Which points of a history a chart draws: the last hour, few enough to draw every second, holes as holes. */
import type { HistoryPoint } from "../../shared/net/status.ts";

const shownSeconds = 3_600;
const maxDrawn = 600;
/** Longer than this without a point: nobody was there, and a line across would be made up. */
const holeSeconds = 15;

/** The last hour in at most 600 points. They stay where they are as time goes on: slots are aligned. */
export function curvePoints(history: readonly HistoryPoint[]): readonly HistoryPoint[] {
  const newest = history.at(-1)?.t ?? 0;
  const from = newest - shownSeconds;
  const recent = history.filter(({ t }) => t > from);
  const span = newest - (recent[0]?.t ?? newest) + 1;
  return withHoles(merged(recent, Math.max(1, Math.ceil(span / (maxDrawn - 50)))));
}

/** One point per slot of `seconds`: its newest, with the worst round time of the slot. */
function merged(points: readonly HistoryPoint[], seconds: number): HistoryPoint[] {
  const slots: HistoryPoint[] = [];
  for (const point of points) {
    const last = slots.at(-1);
    if (last && Math.floor(last.t / seconds) === Math.floor(point.t / seconds)) {
      slots[slots.length - 1] = { ...point, roundMsP95: larger(last.roundMsP95, point.roundMsP95) };
    } else {
      slots.push(point);
    }
  }
  return slots;
}

function larger(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function withHoles(points: readonly HistoryPoint[]): HistoryPoint[] {
  const drawn: HistoryPoint[] = [];
  for (const point of points) {
    const last = drawn.at(-1);
    if (last && point.t - last.t > holeSeconds && drawn.length < maxDrawn - 1) drawn.push(hole(last));
    drawn.push(point);
  }
  return drawn.slice(-maxDrawn);
}

function hole({ t, round }: HistoryPoint): HistoryPoint {
  const nothing = { loss: null, validationLoss: null, accuracy: null, roundMsP50: null, roundMsP95: null };
  return { t: t + 1, round, peers: 0, ...nothing };
}
