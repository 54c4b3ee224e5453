/** "Try the model": offered when the room has one that is worth it, loaded when somebody wants to. */
import { byId, setText } from "../../shared/page/element.ts";
import { count, percent } from "../../shared/page/format.ts";
import type { RoomInfo } from "./room-info.ts";
import { skillInWords } from "./words.ts";

interface TryBundle {
  mountTry(target: HTMLElement, room: string): { unmount(): void };
}

/** Its own bundle, so that the page's first load does not grow. */
const address: string = "/try.js";

export function createTrySection(room: string): (info: RoomInfo) => void {
  const button = byId("try-open");
  const open = async () => {
    try {
      const bundle: TryBundle = await import(address);
      bundle.mountTry(byId("try-here"), room);
      button.hidden = true;
      byId("try-what").hidden = true;
    } catch {
      setText(byId("try-what"), "This part of the page could not be loaded: try again.");
    }
  };
  button.addEventListener("click", () => void open());
  return ({ task, model }) => {
    byId("try").hidden = model === null;
    if (!model) return;
    const right = `${percent(model.accuracy)} of unseen examples right`;
    setText(
      byId("try-what"),
      `The model that ${skillInWords(task)} is good enough to be used: round ${count(model.round)}, ${right}.`,
    );
  };
}
