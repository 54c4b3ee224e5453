/** Which points of a history a chart draws: the last hour, few enough to draw every second, holes as holes. */
import type { HistoryPoint } from "../../shared/net/status.ts";
import { lastHour } from "../room-history.ts";

const maxDrawn = 600;
/** Longer than this without a point: nobody was there, and a line across would be made up. */
const holeSeconds = 15;

/** The last hour in at most 600 points. They stay where they are as time goes on: slots are aligned. */
export function curvePoints(history: readonly HistoryPoint[]): readonly HistoryPoint[] {
  return withHoles(lastHour(history));
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
