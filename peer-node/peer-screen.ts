/** What one peer's terminal shows. */
import type { Clock } from "../shared/core/clock.ts";
import { dropCauses } from "../shared/core/drops.ts";
import type { PeerSnapshot } from "../shared/net/report.ts";
import type { BackendReport } from "../shared/training/backend-report.ts";
import { outcomeInWords, stateInWords } from "./display.ts";
import type { Display } from "./display.ts";
import {
  bytesPerSecond,
  deliveredShare,
  lossFigure,
  milliseconds,
  percent,
  sparkline,
  whole,
} from "./format.ts";
import { printable } from "./printable.ts";
import { createScreen } from "./screen.ts";
import type { Size } from "./screen.ts";
import type { Style } from "./style.ts";
import { cut, tableLines } from "./table.ts";
import type { Column } from "./table.ts";

/** The newest news, at the bottom. */
const newsLines = 3;

export function createPeerScreen(deps: {
  readonly out: NodeJS.WriteStream & { readonly fd: number };
  readonly clock: Clock;
  readonly style: Style;
  readonly snapshot: () => PeerSnapshot;
}): Display {
  const { style, snapshot } = deps;
  let news: string[] = [];
  let backend: BackendReport | undefined;
  let footer = "Ctrl-C finishes the round and leaves";

  function lines({ columns, rows }: Size): string[] {
    const now = snapshot();
    const head = [
      style.strong(`shoal · ${printable(now.identity.name)} in room ${now.room}`) +
        style.faint(taskLine(now)),
      stateLine(now, style),
      "",
      ...figureLines(now, columns),
      `computing   ${backend ? cut(printable(`on ${backend.title}. ${backend.why}`), columns - 12) : "–"}`,
      `traffic     up ${bytesPerSecond(now.upRate)}   down ${bytesPerSecond(now.downRate)}`,
      "",
    ];
    const foot = ["", ...news.map((text) => style.faint(text)), style.strong(footer)];
    const [title = "", ...peers] = tableLines(peerColumns, peerRows(now));
    return [...head, style.faint(title), ...fitting(peers, rows - head.length - foot.length - 1), ...foot];
  }

  function tell(text: string): void {
    news = [...news, printable(text)].slice(-newsLines);
  }

  const screen = createScreen(deps.out, lines);
  return {
    event(event) {
      if (event.kind === "notice") tell(event.text);
    },
    backend(report) {
      // On the first one the line above is enough.
      if (backend) tell(report.why);
      backend = report;
    },
    say(text) {
      footer = text;
      screen.draw();
    },
    end({ outcome }) {
      footer = printable(outcomeInWords(outcome));
      screen.close();
    },
  };
}

function taskLine({ task }: PeerSnapshot): string {
  return task ? ` · ${printable(task.name)}, ${task.averaging}, ${whole(task.rounds)} rounds` : "";
}

function stateLine(now: PeerSnapshot, style: Style): string {
  const { report, task } = now;
  const words = stateInWords(report.state, now);
  const shown = report.state === "training" ? style.good(words) : style.bad(words);
  return `${shown} · round ${whole(report.round)}${task ? ` of ${whole(task.rounds)}` : ""}`;
}

function figureLines(now: PeerSnapshot, columns: number): string[] {
  const { report, drops } = now;
  const { validation } = report;
  return [
    `loss        ${lossFigure(report.loss)}  ${sparkline(now.losses, Math.min(60, columns - 20))}`,
    `validation  ${percent(validation?.accuracy)}${validation ? ` (round ${whole(validation.round)})` : ""}`,
    `speed       ${whole(report.samplesPerSecond)} samples/s`,
    `averaging   p50 ${milliseconds(report.roundMsP50)}   p99 ${milliseconds(report.roundMsP99)}`,
    `packets     ${percent(deliveredShare(now.received, drops))} delivered   ${dropCauses
      .map((cause) => `${cause} ${whole(drops[cause])}`)
      .join("  ")}`,
  ];
}

const peerColumns: readonly Column[] = [
  { title: "peer", align: "left", max: 24 },
  { title: "link", align: "left" },
  { title: "round trip", align: "right" },
  { title: "delivered", align: "right" },
  { title: "received", align: "right" },
];

function peerRows({ report, names }: PeerSnapshot): string[][] {
  return report.links.map((link) => [
    names.get(link.peerId) ?? link.peerId.slice(0, 8),
    link.state,
    milliseconds(link.rttMs),
    percent(deliveredShare(link.received, link.drops)),
    whole(link.received),
  ]);
}

/** As many rows as there is room for, and how many are missing. */
function fitting(peers: readonly string[], room: number): string[] {
  if (peers.length <= room) return [...peers];
  const shown = Math.max(0, room - 1);
  return [...peers.slice(0, shown), `… and ${peers.length - shown} more`];
}
