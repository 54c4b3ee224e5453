/** How the demo tells its story: a live screen on a terminal, a line every few seconds elsewhere. */
import type { Clock } from "../shared/core/clock.ts";
import type { Task } from "../shared/core/task.ts";
import type { RoomStatus } from "../shared/net/status.ts";
import type { DemoPeer } from "./demo-peers.ts";
import { absence, demoTable } from "./demo-table.ts";
import { duration, lossFigure, percent, sparkline, whole } from "./format.ts";
import { printable } from "./printable.ts";
import { createScreen } from "./screen.ts";
import type { Size } from "./screen.ts";
import type { Style } from "./style.ts";

export interface DemoFacts {
  readonly task: Task;
  readonly loss: number;
  readonly page: string;
  readonly join: string;
  readonly clock: Clock;
  readonly style: Style;
  readonly room: () => RoomStatus | undefined;
  readonly peers: () => readonly DemoPeer[];
}

export interface DemoView {
  /** Something happened. */
  tell(text: string): void;
  end(sentence: string): void;
}

const everyMs = 5_000;
const newsLines = 4;

export function createDemoScreen(
  facts: DemoFacts,
  out: NodeJS.WriteStream & { readonly fd: number },
): DemoView {
  const { clock, style } = facts;
  const startedMs = clock.now();
  let news: string[] = [];
  let footer = "Ctrl-C ends the demo, and its page";

  function lines({ columns }: Size): string[] {
    const room = facts.room();
    const [title = "", ...rows] = demoTable(facts.peers(), room);
    return [
      style.strong(printable(titleLine(facts))),
      `page  ${facts.page}`,
      `join  ${facts.join}`,
      "",
      progressLine(facts, room, clock.now() - startedMs),
      `loss  ${sparkline(lossesOf(room), Math.min(70, columns - 6))}`,
      "",
      style.faint(title),
      ...rows,
      "",
      ...news.map((text) => style.bad(text)),
      style.strong(footer),
    ];
  }

  const screen = createScreen(out, lines);
  return {
    tell(text) {
      news = [...news, printable(text)].slice(-newsLines);
      screen.draw();
    },
    end(sentence) {
      footer = sentence;
      screen.close();
    },
  };
}

export function createDemoLines(facts: DemoFacts, out: NodeJS.WritableStream): DemoView {
  const { clock } = facts;
  const startedMs = clock.now();
  let cancel = clock.after(everyMs, tick);

  const elapsedMs = () => clock.now() - startedMs;
  const line = (text: string) => void out.write(`${printable(text)}\n`);
  function tick(): void {
    cancel = clock.after(everyMs, tick);
    line(progressLine(facts, facts.room(), elapsedMs()));
  }

  line(titleLine(facts));
  line(`page  ${facts.page}`);
  line(`join  ${facts.join}`);
  return {
    tell: (text) => line(`${duration(elapsedMs())}  ${text}`),
    end(sentence) {
      cancel();
      for (const row of demoTable(facts.peers(), facts.room())) line(row);
      line(`${duration(elapsedMs())}  ${sentence}`);
    },
  };
}

function titleLine({ task, peers, loss }: DemoFacts): string {
  const added = loss > 0 ? ` · ${percent(loss, 0)} packet loss added` : "";
  const what = `${task.name} with ${task.averaging} for ${whole(task.rounds)} rounds`;
  return `shoal demo · ${peers().length} peers train ${what}${added}`;
}

function progressLine({ task, peers }: DemoFacts, room: RoomStatus | undefined, elapsedMs: number): string {
  const newest = room?.history.at(-1);
  const ends = peers().map(({ end }) => end?.round ?? 0);
  return [
    duration(elapsedMs),
    stateInWords(peers(), room),
    `round ${whole(Math.max(room?.round ?? 0, ...ends))}/${whole(task.rounds)}`,
    `loss ${lossFigure(newest?.loss)}`,
    `accuracy ${percent(newest?.accuracy)}`,
    `${whole(room?.samplesPerSecond ?? 0)} samples/s`,
  ].join("  ");
}

function stateInWords(peers: readonly DemoPeer[], room: RoomStatus | undefined): string {
  if (peers.every(({ exitCode }) => exitCode !== undefined)) return "ended";
  if (peers.some(({ isAsked }) => isAsked)) return "stopping";
  const training = room?.peers.filter(({ state }) => state === "training").length ?? 0;
  return training > 0 ? `${training} training` : absence(peers);
}

function lossesOf(room: RoomStatus | undefined): number[] {
  return (room?.history ?? []).flatMap(({ loss }) => loss ?? []);
}
