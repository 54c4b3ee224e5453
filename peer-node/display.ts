/** Where a peer's news goes: a screen, plain lines, JSON lines, or nowhere. */
import type { PeerEvent, PeerOutcome } from "../shared/net/peer-events.ts";
import type { PeerSnapshot } from "../shared/net/report.ts";
import type { BackendReport } from "../shared/training/backend-report.ts";
import type { ExitCode } from "./exit-codes.ts";
import { percent } from "./format.ts";

interface DisplayEnd {
  readonly outcome: PeerOutcome;
  readonly exitCode: ExitCode;
  readonly snapshot: PeerSnapshot;
}

export interface Display {
  event(event: PeerEvent): void;
  /** What computes from now on, and why. */
  backend(report: BackendReport): void;
  /** A word of the command itself, such as "finishing this round". */
  say(text: string): void;
  end(end: DisplayEnd): void;
}

export const silentDisplay: Display = { event() {}, backend() {}, say() {}, end() {} };

export function stateInWords(state: PeerSnapshot["report"]["state"], members: number): string {
  if (state === "training") return members === 1 ? "training alone" : `training, ${members} members`;
  if (state === "listening") return "listening: completing the model from the others";
  if (state === "paused") return "paused";
  return members === 0 ? "waiting for enough peers" : "connecting to the others";
}

export function outcomeInWords(outcome: PeerOutcome): string {
  if (outcome.kind === "refused") return outcome.refusal.reason;
  if (outcome.kind === "failed") return outcome.reason;
  if (outcome.kind === "stopped") return "stopped";
  return `the run is over: validation accuracy ${percent(outcome.validation.accuracy, 2)}`;
}
