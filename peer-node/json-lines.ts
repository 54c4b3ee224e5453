/** `--json`: one JSON object per line on standard output and nothing else there; people read standard error. */
import type { PeerEvent, PeerOutcome } from "../shared/net/peer-events.ts";
import type { Display } from "./display.ts";
import { printable, printableJson } from "./printable.ts";

export function createJsonLines(
  out: { write(text: string): unknown },
  forPeople: { write(text: string): unknown },
): Display {
  const write = (line: object) => void out.write(`${printableJson(line)}\n`);
  return {
    event(event) {
      // Phases come several times a round and say nothing that state and round do not.
      if (event.kind !== "phase") write(lineOf(event));
    },
    backend: (report) => write({ event: "backend", ...report }),
    say: (text) => void forPeople.write(`${printable(text)}\n`),
    end({ outcome, exitCode, snapshot }) {
      const { report, drops, sent, received } = snapshot;
      write({ event: "end", ...ending(outcome), exitCode, report, drops, sent, received });
    },
  };
}

function lineOf(event: Exclude<PeerEvent, { kind: "phase" }>): object {
  if (event.kind === "state") return { event: "state", state: event.state };
  if (event.kind === "notice") return { event: "notice", text: event.text };
  if (event.kind === "validation") return { event: "validation", ...event.figure };
  const { result, local } = event;
  return {
    event: "round",
    round: result.round,
    epoch: result.epoch,
    loss: local.loss,
    samples: local.samples,
    roundMs: result.roundMs,
    deadlineMs: result.deadlineMs,
    averaged: result.averagedCount,
    fragments: result.averaged.length,
    missed: result.missed,
  };
}

function ending(outcome: PeerOutcome): object {
  const { kind } = outcome;
  if (kind === "finished") return { outcome: kind, validation: outcome.validation };
  if (kind === "refused") return { outcome: kind, ...outcome.refusal, ok: undefined };
  if (kind === "failed") return { outcome: kind, reason: outcome.reason, diverged: outcome.diverged };
  return { outcome: kind };
}
