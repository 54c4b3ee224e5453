/** The headline figures of this tab's run. */
import { byId, element, setText } from "../../shared/page/element.ts";
import { bytes, compact, count, loss, percent } from "../../shared/page/format.ts";
import type { TabStatus } from "../tab-messages.ts";
import type { RoomInfo } from "./room-info.ts";

interface Figure {
  readonly label: string;
  readonly value: (status: TabStatus) => string;
  readonly aside: (status: TabStatus, room: RoomInfo | undefined) => string;
}

const figures: readonly Figure[] = [
  { label: "Round", value: ({ round }) => count(round), aside: ({ rounds }) => `of ${count(rounds)}` },
  {
    label: "Unseen examples right",
    value: ({ accuracy }) => percent(accuracy),
    aside: (_, room) => (room && room.accuracy !== null ? `everybody ${percent(room.accuracy)}` : ""),
  },
  {
    label: "Your loss",
    value: (status) => loss(status.loss),
    aside: (_, room) => (room && room.loss !== null ? `everybody ${loss(room.loss)}` : ""),
  },
  {
    label: "Examples you contributed",
    value: ({ samples }) => compact(samples),
    aside: ({ samplesPerSecond }) => `${compact(samplesPerSecond)}/s`,
  },
  { label: "Sending", value: ({ upRate }) => `${bytes(upRate)}/s`, aside: () => "" },
  { label: "Receiving", value: ({ downRate }) => `${bytes(downRate)}/s`, aside: () => "" },
];

export function createFigures(): (status: TabStatus, room: RoomInfo | undefined) => void {
  const shown = figures.map(({ label, value, aside }) => {
    const main = element("span");
    const small = element("small");
    const row = element("div", {}, element("dt", {}, label), element("dd", {}, main, " ", small));
    return { value, aside, main, small, row };
  });
  byId("figures").replaceChildren(...shown.map(({ row }) => row));
  return (status, room) => {
    for (const { value, aside, main, small } of shown) {
      setText(main, value(status));
      setText(small, aside(status, room));
    }
  };
}
