/** The status page: the rooms of this server and one of them in full, live. */
import type { HistoryPoint, RoomStatus } from "../../shared/net/status.ts";
import { byId, setText } from "../../shared/page/element.ts";
import { createCharts } from "./charts.ts";
import { createEventLog } from "./event-log.ts";
import { watchStatus } from "./feed.ts";
import type { Feed } from "./feed.ts";
import { createFigures } from "./figures.ts";
import { createLinksSection } from "./links-section.ts";
import { createPeersTable } from "./peers-table.ts";
import { createRoomHeader } from "./room-header.ts";
import { createRoomsOverview } from "./rooms-overview.ts";
import { createTrySection } from "./try-section.ts";

const wanted = new URLSearchParams(location.search).get("room");
const showRooms = createRoomsOverview();
const showHeader = createRoomHeader();
const showFigures = createFigures();
const showTry = createTrySection();
const showCharts = createCharts();
const showLinks = createLinksSection();
const showPeers = createPeersTable();
const showEvents = createEventLog();
/** Came while nobody looked. */
let unseen: Feed | null = null;

watchStatus({
  onConnection(up, why) {
    byId("connection").hidden = up;
    const sentence = why ? `Not connected: ${why}.` : "Connection to the server lost, reconnecting …";
    if (!up) setText(byId("connection"), sentence);
  },
  onStatus(feed) {
    if (document.hidden) unseen = feed;
    else show(feed);
  },
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !unseen) return;
  show(unseen);
  unseen = null;
});

function show({ status, startedMs, historyOf }: Feed): void {
  const found = status.rooms.find(({ room }) => room === wanted);
  const room = found ?? status.rooms[0];
  setText(byId("version"), `Shoal ${status.version}`);
  byId("no-room").hidden = wanted === null || found !== undefined || room === undefined;
  setText(
    byId("no-room"),
    `There is no room "${wanted ?? ""}" on this server; this is "${room?.room ?? ""}".`,
  );
  showRooms(status.rooms, room?.room, historyOf);
  byId("state").hidden = room === undefined;
  if (room) showRoom(room, historyOf(room.room), startedMs);
  else showNoRoom();
}

/** Of rooms that are not open nobody is told: there may be some, or none. */
function showNoRoom(): void {
  setText(byId("room"), "No open rooms here");
  setText(byId("about"), "To join a room or to watch one you need its invite link.");
  setText(byId("task"), "");
  for (const id of ["ways-in", "empty", "try", "live"]) byId(id).hidden = true;
}

function showRoom(room: RoomStatus, history: readonly HistoryPoint[], startedMs: number): void {
  byId("empty").hidden = room.peers.length > 0 || room.isFinished;
  setText(byId("empty-since"), history.length > 0 ? "Nobody is here now." : "Nobody is here yet.");
  byId("live").hidden = room.peers.length === 0 && history.length === 0;
  showHeader(room);
  showFigures(room, history);
  showTry(room);
  showCharts(history, startedMs);
  showLinks(room);
  byId("peers-card").hidden = room.peers.length === 0;
  showPeers(room.peers);
  showEvents(room.events, startedMs);
}
