/** The headline figures of a room. */
import type { HistoryPoint, RoomStatus } from "../../shared/net/status.ts";
import { dropShare } from "../room-totals.ts";
import { byId, element, setText } from "./element.ts";
import { compact, count, percent, unknown } from "./format.ts";

const rateWindowSeconds = 60;

interface Figure {
  readonly label: string;
  readonly value: string;
  readonly aside?: string;
}

export function createFigures(): (room: RoomStatus, history: readonly HistoryPoint[]) => void {
  const list = byId("figures");
  const shown = new Map<string, { readonly value: HTMLElement; readonly aside: HTMLElement }>();

  function slot(label: string) {
    const found = shown.get(label);
    if (found) return found;
    const made = { value: element("span"), aside: element("small") };
    const figure = element("dd", {}, made.value, " ", made.aside);
    list.append(element("div", {}, element("dt", {}, label), figure));
    shown.set(label, made);
    return made;
  }

  return (room, history) => {
    for (const { label, value, aside = "" } of figures(room, history)) {
      const { value: valueText, aside: asideText } = slot(label);
      setText(valueText, value);
      setText(asideText, aside);
    }
  };
}

function figures(room: RoomStatus, history: readonly HistoryPoint[]): Figure[] {
  const lost = dropShare(room.received, room.drops);
  const members = room.peers.filter(({ member }) => member).length;
  const rate = roundsPerMinute(history);
  return [
    { label: "Round", value: count(room.round), aside: `of ${count(room.task.rounds)}` },
    { label: "Accuracy", value: percent(history.at(-1)?.accuracy ?? null) },
    { label: "Peers", value: count(room.peers.length), aside: `${members} training` },
    { label: "Rounds per minute", value: rate === null ? unknown : count(rate) },
    { label: "Samples per second", value: compact(room.samplesPerSecond) },
    { label: "Fragments delivered", value: percent(lost === null ? null : 1 - lost) },
  ];
}

function roundsPerMinute(history: readonly HistoryPoint[]): number | null {
  const last = history.at(-1);
  const first = history.find(({ t }) => last !== undefined && t >= last.t - rateWindowSeconds);
  if (!first || !last || last.t === first.t || last.round < first.round) return null;
  return ((last.round - first.round) * 60) / (last.t - first.t);
}
