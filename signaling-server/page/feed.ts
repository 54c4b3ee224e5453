/** The live snapshots: merges the increments of the curves into whole histories. */
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import type { HistoryPoint, ServerStatus } from "../../shared/net/status.ts";
import { createRoomHistory } from "../room-history.ts";
import type { RoomHistory } from "../room-history.ts";
import type { WatcherEvents } from "../watchers.ts";

export interface FeedEvents {
  onStatus(status: ServerStatus, historyOf: (room: string) => readonly HistoryPoint[]): void;
  onConnection(up: boolean): void;
}

export function watchStatus(events: FeedEvents): void {
  const histories = new Map<string, RoomHistory>();
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
    // The first snapshot of a connection is whole, and a restarted server counts its seconds anew.
    histories.clear();
    events.onConnection(true);
  });
  socket.on("disconnect", () => events.onConnection(false));
  socket.on("connect_error", () => events.onConnection(false));
  socket.on("status", (status) => {
    for (const { room, history } of status.rooms) {
      for (const point of history) historyOf(room).addPoint(point);
    }
    events.onStatus(status, (room) => historyOf(room).points);
  });
}
