/** How a tab's run ended, for the page: one of a few kinds, and a sentence for a person. */
import type { PeerOutcome } from "../../shared/net/peer-events.ts";
import type { TabNews } from "../tab-messages.ts";

export type Ended = Extract<TabNews, { type: "ended" }>;

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
  if (kind === "failed") return failed(asSentence(outcome.reason));
  const end = { type: "ended", accuracy: null } as const;
  if (kind === "refused") {
    const { code, reason } = outcome.refusal;
    // Nobody is kept out: the others were done before this tab had caught up.
    return { ...end, outcome: code === "finished" ? "over" : "refused", reason: asSentence(reason) };
  }
  if (kind === "stopped") return { ...end, outcome: kind, reason: "Stopped." };
  return { ...end, outcome: kind, reason: "The run is over.", accuracy: outcome.validation.accuracy };
}

function failed(reason: string): Ended {
  return { type: "ended", outcome: "failed", reason, accuracy: null };
}

/** Reasons are written to follow "shoal: ". */
function asSentence(reason: string): string {
  return reason.charAt(0).toUpperCase() + reason.slice(1) + (/[.!?]$/.test(reason) ? "" : ".");
}
