/** The headline figures of a room. */
import type { HistoryPoint, RoomStatus } from "../../shared/net/status.ts";
import { dropShare } from "../../shared/core/drops.ts";
import { byId, element, setText } from "../../shared/page/element.ts";
import { compact, count, loss, percent, smallPercent } from "../../shared/page/format.ts";

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
  const newest = history.at(-1);
  return [
    {
      label: "Round",
      value: count(room.isFinished ? room.task.rounds : room.round),
      aside: `of ${count(room.task.rounds)}`,
    },
    { label: "Accuracy", value: percent(newest?.accuracy ?? null) },
    { label: "Training loss", value: loss(newest?.loss ?? null) },
    { label: "Peers", value: count(room.peers.length), aside: room.isFinished ? "" : `${members} training` },
    { label: "Rounds per minute", value: compact(room.roundsPerMinute) },
    { label: "Samples per second", value: compact(room.samplesPerSecond) },
    { label: "Fragments delivered", value: percent(lost === null ? null : 1 - lost) },
    {
      label: "Replicas differ by",
      value: smallPercent(room.disagreement),
      aside: agreement(room.disagreement),
    },
  ];
}

/** In a word what the number means: replicas of one training that drift apart stop helping each other. */
function agreement(disagreement: number | null): string {
  if (disagreement === null) return "";
  if (disagreement < 0.001) return "in step";
  if (disagreement < 0.01) return "close";
  return disagreement < 0.1 ? "apart" : "far apart";
}
