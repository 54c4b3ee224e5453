/** The newest news of the run, newest first. */
import { byId, element } from "../../shared/page/element.ts";

const maxShown = 20;

export interface Notices {
  add(text: string): void;
  clear(): void;
}

export function createNotices(): Notices {
  const list = byId("notices");
  const card = byId("news");
  return {
    add(text) {
      const time = new Date().toLocaleTimeString("en-GB");
      list.prepend(element("li", {}, element("time", {}, time), element("span", {}, text)));
      while (list.childElementCount > maxShown) list.lastElementChild?.remove();
      card.hidden = false;
    },
    clear() {
      list.replaceChildren();
      card.hidden = true;
    },
  };
}
