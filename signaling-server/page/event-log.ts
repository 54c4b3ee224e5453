/** What happened in the room, newest first. */
import type { RoomEvent } from "../../shared/net/status.ts";
import { byId, element } from "./element.ts";
import { duration } from "./format.ts";

export function createEventLog(): (events: readonly RoomEvent[]) => void {
  const list = byId("events");
  let shown = "";
  return (events) => {
    // Rebuilt only when something happened: the reader may be scrolling or selecting.
    const now = JSON.stringify(events);
    if (now === shown) return;
    shown = now;
    list.replaceChildren(...events.toReversed().map(line));
  };
}

function line({ t, text }: RoomEvent): HTMLLIElement {
  return element("li", {}, element("time", {}, duration(t)), element("span", {}, text));
}
