/** Where a peer's news goes: a screen, plain lines, JSON lines, or nowhere. */
import type { PeerEvent, PeerOutcome } from "../shared/net/peer-events.ts";
import { waitingInWords } from "../shared/net/phase.ts";
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

export function stateInWords(
  state: PeerSnapshot["report"]["state"],
  { members, phase, task }: Pick<PeerSnapshot, "members" | "phase" | "task">,
): string {
  if (state === "training") return members === 1 ? "training alone" : `training, ${members} members`;
  if (state === "listening") return "listening: completing the model from the others";
  if (state === "paused") return "paused";
  if (members > 0) return "connecting to the others";
  const isWaiting = phase === "waiting for others" && task !== undefined && task.minPeers > 1;
  return isWaiting ? waitingInWords(task.minPeers) : "waiting for enough peers";
}

export function outcomeInWords(outcome: PeerOutcome): string {
  if (outcome.kind === "refused") return outcome.refusal.reason;
  if (outcome.kind === "failed") return outcome.reason;
  if (outcome.kind === "stopped") return "stopped";
  return `the run is over: validation accuracy ${percent(outcome.validation.accuracy, 2)}`;
}
