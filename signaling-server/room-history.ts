/** A room's curves and event log, in bounded memory: the last hour is fine, what is older gets coarser. */
import type { HistoryPoint, RoomEvent } from "../shared/net/status.ts";

export const maxPoints = 3_600;
export const maxEvents = 200;
/** Of these there can be one every ten seconds for days: they must not push out who came and went. */
export const maxDeadlineEvents = 50;

export interface RoomHistory {
  readonly points: readonly HistoryPoint[];
  readonly events: readonly RoomEvent[];
  /** Keeps one point per second: another of the same second is dropped. */
  addPoint(point: HistoryPoint): void;
  addEvent(event: RoomEvent): void;
}

export function createRoomHistory(): RoomHistory {
  let points: HistoryPoint[] = [];
  const events: RoomEvent[] = [];
  return {
    get points() {
      return points;
    },
    events,
    addPoint(point) {
      const last = points.at(-1);
      if (last && point.t <= last.t) return;
      points.push(point);
      if (points.length > maxPoints) points = thinned(points);
    },
    addEvent(event) {
      events.push(event);
      const deadlines = events.filter(({ kind }) => kind === "deadline");
      const [oldest] = deadlines.length > maxDeadlineEvents ? deadlines : events;
      const isTooMuch = events.length > maxEvents || deadlines.length > maxDeadlineEvents;
      if (isTooMuch && oldest) events.splice(events.indexOf(oldest), 1);
    },
  };
}

/** Every second point of the older half goes; a run of days still shows its beginning. */
function thinned(points: readonly HistoryPoint[]): HistoryPoint[] {
  const half = points.length / 2;
  return points.filter((_, index) => index >= half || index % 2 === 0);
}
