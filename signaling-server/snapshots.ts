/**
 * What /api/status and /metrics say, written at most once a second for all who ask: rooms of an hour are most
 * of a megabyte each. The JSON goes out room by room, each as it is by then, so that a slow reader keeps one
 * room's text in memory and not all of them.
 */
import type { RoomStatus, ServerStatus } from "../shared/net/status.ts";
import type { Sight } from "./gate.ts";
import { metricsText } from "./metrics.ts";

export interface Snapshots {
  /** A ServerStatus with the rooms in sight. */
  json(sees: Sight): AsyncGenerator<Uint8Array>;
  metrics(sees: Sight): Buffer;
}

const freshMs = 1_000;
/** Who has invites to other rooms sees another text; beyond so many in a second they are not kept. */
const maxMetrics = 16;
const pieceBytes = 262_144;

interface Snapshot {
  readonly atMs: number;
  readonly status: ServerStatus;
  readonly rooms: ReadonlyMap<string, RoomStatus>;
  readonly texts: Map<string, Buffer>;
  /** By the rooms that they tell of. */
  readonly metrics: Map<string, Buffer>;
}

export function createSnapshots(status: () => ServerStatus, now: () => number): Snapshots {
  let kept: Snapshot | null = null;

  function newest(): Snapshot {
    if (kept && now() - kept.atMs < freshMs) return kept;
    const taken = status();
    const rooms = new Map(taken.rooms.map((room) => [room.room, room]));
    kept = { atMs: now(), status: taken, rooms, texts: new Map(), metrics: new Map() };
    return kept;
  }

  function textOf(name: string): Buffer | undefined {
    const { rooms, texts } = newest();
    const room = rooms.get(name);
    const text = texts.get(name) ?? (room && Buffer.from(JSON.stringify(room)));
    if (text) texts.set(name, text);
    return text;
  }

  return {
    async *json(sees) {
      const { rooms, ...head } = newest().status;
      const names = rooms.map(({ room }) => room).filter(sees);
      yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"rooms":[`);
      let comma = "";
      for (const name of names) {
        const text = textOf(name);
        if (!text) continue;
        if (comma) yield Buffer.from(comma);
        comma = ",";
        for (let at = 0; at < text.length; at += pieceBytes) yield text.subarray(at, at + pieceBytes);
      }
      yield Buffer.from("]}");
    },
    metrics(sees) {
      const { status: all, metrics } = newest();
      const rooms = all.rooms.filter(({ room }) => sees(room));
      const sight = rooms.map(({ room }) => room).join(" ");
      const text = metrics.get(sight) ?? Buffer.from(metricsText({ ...all, rooms }));
      if (metrics.size < maxMetrics) metrics.set(sight, text);
      return text;
    },
  };
}
