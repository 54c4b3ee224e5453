/** The status page: one room of this server, live. */
import type { HistoryPoint, RoomStatus, ServerStatus } from "../../shared/net/status.ts";
import { createCharts } from "./charts.ts";
import { createDropsList } from "./drops-list.ts";
import { byId, element, setText } from "./element.ts";
import { createEventLog } from "./event-log.ts";
import { watchStatus } from "./feed.ts";
import { createFigures } from "./figures.ts";
import { createJoinCommand } from "./join-command.ts";
import { createPeersTable } from "./peers-table.ts";

const wanted = /^\/join\/([^/]+)/.exec(location.pathname)?.[1];
const showFigures = createFigures();
const showCharts = createCharts();
const showPeers = createPeersTable();
const showDrops = createDropsList();
const showEvents = createEventLog();
const showCommand = createJoinCommand();

watchStatus({
  onConnection(up) {
    byId("connection").hidden = up;
    if (!up) setText(byId("connection"), "Connection to the server lost, reconnecting …");
  },
  onStatus(status, historyOf) {
    const room = status.rooms.find(({ room: name }) => name === wanted) ?? status.rooms[0];
    setText(byId("version"), `Shoal ${status.version}`);
    showRooms(status, room);
    if (room) showRoom(room, historyOf(room.room));
  },
});

function showRoom(room: RoomStatus, history: readonly HistoryPoint[]): void {
  const { name, averaging, encoding } = room.task;
  document.title = `${room.room} · Shoal`;
  setText(byId("room"), room.room);
  setText(byId("task"), `${name} · ${averaging} averaging · ${encoding}`);
  byId("empty").hidden = room.peers.length > 0;
  byId("live").hidden = room.peers.length === 0 && history.length === 0;
  showFigures(room, history);
  showCommand(room.room);
  showCharts(history);
  showPeers(room.peers);
  showDrops(room);
  showEvents(room.events);
}

function showRooms({ rooms }: ServerStatus, shown: RoomStatus | undefined): void {
  const nav = byId("rooms");
  nav.hidden = rooms.length < 2;
  if (nav.childElementCount === rooms.length) return;
  const links = rooms.map(({ room }) =>
    element(
      "a",
      { href: `/join/${room}`, ...(room === shown?.room ? { "aria-current": "page" } : {}) },
      room,
    ),
  );
  nav.replaceChildren(...links);
}
