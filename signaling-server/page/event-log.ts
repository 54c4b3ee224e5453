/** What happened in the room, newest first. */
import type { RoomEvent } from "../../shared/net/status.ts";
import { byId, element } from "../../shared/page/element.ts";
import { clockTime } from "../../shared/page/format.ts";

const signs: Readonly<Record<RoomEvent["kind"], string>> = {
  joined: "+",
  left: "−",
  view: "≡",
  deadline: "!",
  finished: "✓",
  notice: "i",
};

/** `startedMs`: wall-clock time of the room's second 0. */
export function createEventLog(): (events: readonly RoomEvent[], startedMs: number) => void {
  const list = byId("events");
  let shown = "";
  return (events, startedMs) => {
    // Rebuilt only when something happened: the reader may be scrolling or selecting.
    const now = JSON.stringify([startedMs, events.length, events[0], events.at(-1)]);
    if (now === shown) return;
    shown = now;
    list.replaceChildren(...events.toReversed().map((event) => line(event, startedMs)));
  };
}

function line({ t, kind, text }: RoomEvent, startedMs: number): HTMLLIElement {
  // A server that knows more kinds than this page: its text still says what happened.
  const sign = element(
    "span",
    { class: "sign", "data-kind": kind, "aria-hidden": "true" },
    signs[kind] ?? "i",
  );
  const time = element("time", {}, clockTime(startedMs + t * 1_000));
  return element("li", {}, time, sign, element("span", {}, text));
}
