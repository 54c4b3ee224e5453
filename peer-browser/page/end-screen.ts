/** How it ended, in one sentence, and what to do about it. */
import { byId, moveFocus, setText } from "../../shared/page/element.ts";
import { percent } from "../../shared/page/format.ts";
import type { Ended } from "./tab-run.ts";

export interface EndScreen {
  /** Without `again` nothing can be done about it. */
  show(title: string, what: string, again: string | undefined): void;
  /** @param againMs until the tab tries again by itself, if it does */
  showEnded(ended: Ended, againMs?: number): void;
  hide(): void;
  readonly isShown: boolean;
}

export function createEndScreen(onAgain: () => void): EndScreen {
  const button = byId("again");
  button.addEventListener("click", onAgain);

  function show(title: string, what: string, again: string | undefined): void {
    setText(byId("end-title"), title);
    setText(byId("end-what"), what);
    button.hidden = again === undefined;
    setText(button, again ?? "");
    byId("end").hidden = false;
    moveFocus(byId("end-title"));
  }

  return {
    show,
    showEnded({ outcome, reason, accuracy }, againMs) {
      const right = accuracy === null ? "" : ` It gets ${percent(accuracy)} of unseen examples right.`;
      if (outcome === "finished")
        show("The model is trained", `Thank you for taking part.${right}`, undefined);
      else if (outcome === "stopped")
        show("You have left", "Thank you: the others go on with what you contributed.", "Join again");
      else if (outcome === "over") show("This run is over", reason, undefined);
      else if (outcome === "refused")
        show("The server does not let this tab in", `${reason}${soon(againMs)}`, "Try again");
      else show("Training stopped here", `${reason}${soon(againMs)}`, "Try again");
    },
    hide() {
      byId("end").hidden = true;
    },
    get isShown() {
      return !byId("end").hidden;
    },
  };
}

function soon(ms: number | undefined): string {
  if (ms === undefined) return "";
  const time = ms < 60_000 ? `${ms / 1_000} seconds` : `${Math.round(ms / 60_000)} min`;
  return ` This tab tries again by itself in ${time}.`;
}
