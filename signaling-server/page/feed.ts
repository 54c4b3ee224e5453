/** The live snapshots: merges the increments of the curves into whole histories. */
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import type { HistoryPoint, ServerStatus } from "../../shared/net/status.ts";
import { createRoomHistory } from "../room-history.ts";
import type { RoomHistory } from "../room-history.ts";
import type { WatcherEvents } from "../watchers.ts";

export interface Feed {
  readonly status: ServerStatus;
  /** Wall-clock time of the server's start, which is second 0 of its rooms. */
  readonly startedMs: number;
  historyOf(room: string): readonly HistoryPoint[];
}
export interface FeedEvents {
  onStatus(feed: Feed): void;
  /** `why` in a sentence, where the server has said it. */
  onConnection(up: boolean, why?: string): void;
}

/** After the server has said that it shows no more pages. */
const againMs = 30_000;

export function watchStatus(events: FeedEvents): void {
  const histories = new Map<string, RoomHistory>();
  /** Fixed per connection, or every point would tremble by the network's jitter. */
  let startedMs: number | null = null;
  let refusal: string | undefined;
  const socket: Socket<WatcherEvents> = io("/status", {
    transports: ["websocket"],
    reconnectionDelayMax: 3_000,
  });

  function historyOf(room: string): RoomHistory {
    const found = histories.get(room) ?? createRoomHistory();
    histories.set(room, found);
    return found;
  }

  socket.on("connect", () => {
    // The first snapshot of a connection has the last hour, and a restarted server counts its seconds anew.
    histories.clear();
    startedMs = null;
    events.onConnection(true);
  });
  socket.on("refused", ({ reason }) => (refusal = reason));
  socket.on("disconnect", (cause) => {
    events.onConnection(false, refusal);
    refusal = undefined;
    // What the server has closed socket.io does not open again by itself.
    if (cause === "io server disconnect") setTimeout(() => socket.connect(), againMs);
  });
  socket.on("connect_error", () => events.onConnection(false));
  socket.on("status", (status) => {
    startedMs ??= Math.round(Date.now() / 1_000 - status.uptimeSeconds) * 1_000;
    for (const { room, history } of status.rooms) {
      for (const point of history) historyOf(room).addPoint(point);
    }
    events.onStatus({ status, startedMs, historyOf: (room) => historyOf(room).points });
  });
}
