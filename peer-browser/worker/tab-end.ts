/** How a tab's run ended, for the page: one of a few kinds, and a sentence for a person. */
import type { Refusal } from "../../shared/net/messages.ts";
import type { PeerOutcome } from "../../shared/net/peer-events.ts";
import type { TabNews } from "../tab-messages.ts";

export type Ended = Extract<TabNews, { type: "ended" }>;

/** What others may end: they leave the room, or this address. */
const passing: readonly Refusal["code"][] = ["full", "limit"];

export function unreachable(): Ended {
  return failed("The server can't be reached: check the network, then try again.");
}

/** A mistake of ours: its words are for whoever reports it. */
export function brokeDown(error: unknown): Ended {
  const why = error instanceof Error ? error.message : String(error);
  return failed(asSentence(`The part of this page that trains broke down: ${why}`));
}

export function ended(outcome: PeerOutcome): Ended {
  const { kind } = outcome;
  // The same model diverges again.
  if (kind === "failed") return { ...failed(asSentence(outcome.reason)), mayPass: !outcome.diverged };
  const end = { type: "ended", accuracy: null, mayPass: false } as const;
  if (kind === "refused") {
    const { code, reason } = outcome.refusal;
    // Nobody is kept out: the others were done before this tab had caught up.
    const isOver = code === "finished";
    const mayPass = passing.includes(code);
    return { ...end, outcome: isOver ? "over" : "refused", reason: asSentence(reason), mayPass };
  }
  if (kind === "stopped") return { ...end, outcome: kind, reason: "Stopped." };
  return { ...end, outcome: kind, reason: "The run is over.", accuracy: outcome.validation.accuracy };
}

function failed(reason: string): Ended {
  return { type: "ended", outcome: "failed", reason, accuracy: null, mayPass: true };
}

/** Reasons are written to follow "shoal: ". */
function asSentence(reason: string): string {
  return reason.charAt(0).toUpperCase() + reason.slice(1) + (/[.!?]$/.test(reason) ? "" : ".");
}
