/** Where there is no terminal: a line for every event, and one every few seconds. */
import type { Clock } from "../shared/core/clock.ts";
import type { PeerSnapshot } from "../shared/net/report.ts";
import { outcomeInWords, stateInWords } from "./display.ts";
import type { Display } from "./display.ts";
import { deliveredShare, duration, lossFigure, milliseconds, percent, whole } from "./format.ts";
import { printable } from "./printable.ts";

const everyMs = 5_000;

export function createPlainLines(deps: {
  readonly out: { write(text: string): unknown };
  readonly clock: Clock;
  readonly snapshot: () => PeerSnapshot;
}): Display {
  const { out, clock, snapshot } = deps;
  const startedMs = clock.now();
  let cancel = clock.after(everyMs, tick);

  function line(text: string): void {
    out.write(`${duration(clock.now() - startedMs)}  ${printable(text)}\n`);
  }

  function tick(): void {
    cancel = clock.after(everyMs, tick);
    const now = snapshot();
    if (now.report.state === "training") line(progressLine(now));
  }

  return {
    event(event) {
      if (event.kind === "notice") line(event.text);
      if (event.kind === "state") line(stateInWords(event.state, snapshot()));
    },
    backend: ({ title, why }) => line(`training on ${title}. ${why}`),
    say: line,
    end({ outcome, snapshot: last }) {
      cancel();
      if (last.report.samples > 0) line(progressLine(last));
      // Refusals and failures are the one sentence on standard error.
      if (outcome.kind === "finished" || outcome.kind === "stopped") line(outcomeInWords(outcome));
    },
  };
}

function progressLine({ task, report, members, received, drops }: PeerSnapshot): string {
  return [
    `round ${report.round}${task ? `/${task.rounds}` : ""}`,
    `loss ${lossFigure(report.loss)}`,
    `validation ${percent(report.validation?.accuracy)}`,
    `${whole(report.samplesPerSecond)} samples/s`,
    `averaging ${milliseconds(report.roundMsP50)} (p99 ${milliseconds(report.roundMsP99)})`,
    `delivered ${percent(deliveredShare(received, drops))}`,
    `members ${members}`,
  ].join("  ");
}
