/** All rooms of the server as cards, when there are several; each leads to its room. */
import type { HistoryPoint, RoomStatus } from "../../shared/net/status.ts";
import { byId, element, setText } from "../../shared/page/element.ts";
import { compact, count, percent } from "../../shared/page/format.ts";

interface Card {
  readonly link: HTMLAnchorElement;
  readonly line: SVGPolylineElement;
  readonly task: HTMLElement;
  readonly figures: HTMLElement;
}

const sparkWidth = 100;
const sparkHeight = 24;
const sparkPoints = 60;

type HistoryOf = (room: string) => readonly HistoryPoint[];

export function createRoomsOverview(): (
  rooms: readonly RoomStatus[],
  chosen: string | undefined,
  historyOf: HistoryOf,
) => void {
  const nav = byId("rooms");
  const cards = new Map<string, Card>();

  function addCard(room: string): Card {
    const made = createCard(room);
    cards.set(room, made);
    nav.append(made.link);
    return made;
  }

  return (rooms, chosen, historyOf) => {
    nav.hidden = rooms.length < 2;
    if (nav.hidden) return;
    for (const room of rooms) {
      const card = cards.get(room.room) ?? addCard(room.room);
      if (room.room === chosen) card.link.setAttribute("aria-current", "page");
      fill(card, room, historyOf(room.room));
    }
  };
}

function createCard(room: string): Card {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  const spark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  spark.setAttribute("viewBox", `0 -1 ${sparkWidth} ${sparkHeight + 2}`);
  spark.setAttribute("preserveAspectRatio", "none");
  spark.setAttribute("aria-hidden", "true");
  spark.append(line);
  const task = element("small", { class: "quiet" });
  const figures = element("span", { class: "room-figures" });
  const href = `/?room=${encodeURIComponent(room)}`;
  const link = element("a", { href, class: "card" }, element("strong", {}, room), task, figures, spark);
  return { link, line, task, figures };
}

function fill({ line, task, figures }: Card, room: RoomStatus, history: readonly HistoryPoint[]): void {
  setText(task, room.isFinished ? `${room.task.name}, finished` : room.task.name);
  const accuracy = history.at(-1)?.accuracy ?? null;
  const peers = `${count(room.peers.length)} ${room.peers.length === 1 ? "peer" : "peers"}`;
  const pace = `${compact(room.roundsPerMinute)} rounds/min`;
  const right = accuracy === null ? [] : [`${percent(accuracy)} right`];
  setText(
    figures,
    [`round ${count(room.isFinished ? room.task.rounds : room.round)}`, peers, pace, ...right]
      .map(unbroken)
      .join(" · "),
  );
  const points = sparkline(history);
  if (line.getAttribute("points") !== points) line.setAttribute("points", points);
}

/** Lines break between the parts only. */
function unbroken(part: string): string {
  return part.replaceAll(" ", "\u00a0");
}

/** Accuracy over the room's history, bottom to top. */
function sparkline(history: readonly HistoryPoint[]): string {
  const known = history.filter(({ accuracy }) => accuracy !== null);
  const step = Math.max(1, Math.ceil(known.length / sparkPoints));
  const picked = known.filter((_, at) => at % step === 0);
  return picked
    .map(({ accuracy }, at) => {
      const x = (at / Math.max(1, picked.length - 1)) * sparkWidth;
      return `${x.toFixed(1)},${((1 - (accuracy ?? 0)) * sparkHeight).toFixed(1)}`;
    })
    .join(" ");
}
