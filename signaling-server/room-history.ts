/** A room's curves and event log, in bounded memory: the last hour is fine, what is older gets coarser. */
import type { HistoryPoint, RoomEvent } from "../shared/net/status.ts";

export const maxPoints = 3_600;
const hourSeconds = 3_600;
/** A chart has 600, with those for holes. */
const maxInHour = 550;
export const maxEvents = 200;
/** Of these there can be one every ten seconds for days: they must not push out who came and went. */
export const maxDeadlineEvents = 50;

export interface RoomHistory {
  readonly points: readonly HistoryPoint[];
  readonly events: readonly RoomEvent[];
  /** Keeps one point per second: another of the same second is dropped. */
  addPoint(point: HistoryPoint): void;
  /** Where there are too many, the oldest goes of that topic of which there are most: none pushes out the others. */
  addEvent(event: RoomEvent, topic?: string): void;
}

export function createRoomHistory(): RoomHistory {
  let points: HistoryPoint[] = [];
  const log: { readonly event: RoomEvent; readonly topic: string }[] = [];
  const dropOldestOf = (topic: string) =>
    log.splice(
      log.findIndex((entry) => entry.topic === topic),
      1,
    );
  return {
    get points() {
      return points;
    },
    get events() {
      return log.map(({ event }) => event);
    },
    addPoint(point) {
      const last = points.at(-1);
      if (last && point.t <= last.t) return;
      points.push(point);
      if (points.length > maxPoints) points = thinned(points);
    },
    addEvent(event, topic = event.kind) {
      log.push({ event, topic });
      const counts = new Map<string, number>();
      for (const entry of log) counts.set(entry.topic, (counts.get(entry.topic) ?? 0) + 1);
      const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
      if ((counts.get("deadline") ?? 0) > maxDeadlineEvents) dropOldestOf("deadline");
      else if (most && log.length > maxEvents) dropOldestOf(most[0]);
    },
  };
}

/** Every second point of the older half goes; a run of days still shows its beginning. */
function thinned(points: readonly HistoryPoint[]): HistoryPoint[] {
  const half = points.length / 2;
  return points.filter((_, index) => index >= half || index % 2 === 0);
}

/** The last hour in at most 550 points: one for each slot of so many seconds. Slots are aligned. */
export function lastHour(history: readonly HistoryPoint[]): HistoryPoint[] {
  const newest = history.at(-1)?.t ?? 0;
  const from = newest - hourSeconds;
  const recent = history.filter(({ t }) => t > from);
  const span = newest - (recent[0]?.t ?? newest) + 1;
  return merged(recent, Math.max(1, Math.ceil(span / maxInHour)));
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
