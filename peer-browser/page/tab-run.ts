/**
 * One run of this tab: the peer worker, and the page's end of its links. Whatever happens to the worker, it
 * ends once, with a reason, and leaves nothing behind.
 */
import { servePageLinks } from "../links/page-links.ts";
import type { TabCommand, TabNews } from "../tab-messages.ts";

export type Ended = Omit<Extract<TabNews, { type: "ended" }>, "type">;
export type Start = Pick<Extract<TabCommand, { type: "start" }>, "room" | "name" | "power" | "processor">;
/** What may be said to a run that has begun. */
export type Word = Exclude<TabCommand, { type: "start" }>;

export interface TabRun {
  tell(command: Word): void;
  /** Says goodbye without waiting for anything: the page goes. */
  abandon(): void;
}

/** The last round may take this long to finish; then it is left undone. */
const stopLimitMs = 10_000;
const goodbyeMs = 1_000;

export function startRun(
  start: Start,
  events: { onNews(news: Exclude<TabNews, { type: "ended" }>): void; onEnd(end: Ended): void },
): TabRun {
  const worker = new Worker("/peer-worker.js", { type: "module", name: "shoal peer" });
  const { port1, port2 } = new MessageChannel();
  const links = servePageLinks(port1);
  let isOver = false;

  function end(why: Ended): void {
    if (isOver) return;
    isOver = true;
    worker.terminate();
    links.close();
    events.onEnd(why);
  }

  worker.addEventListener("message", ({ data }: MessageEvent<TabNews>) => {
    if (data.type === "ended") end(data);
    else if (!isOver) events.onNews(data);
  });
  const breakDown = (why: string) =>
    end({
      outcome: "failed",
      reason: `The part of this page that trains broke down${why}.`,
      accuracy: null,
      mayPass: true,
    });
  worker.addEventListener("error", ({ message }) => breakDown(message ? `: ${message}` : ""));
  worker.addEventListener("messageerror", () => breakDown(": a message of it could not be read"));

  function tell(command: TabCommand, transfer: Transferable[] = []): void {
    if (!isOver) worker.postMessage(command, transfer);
  }

  tell({ type: "start", server: location.origin, ...start, links: port2 }, [port2]);
  return {
    tell(command) {
      tell(command);
      if (command.type !== "stop") return;
      const stopped = { outcome: "stopped", reason: "Stopped.", accuracy: null, mayPass: false } as const;
      setTimeout(() => end(stopped), stopLimitMs);
    },
    abandon() {
      tell({ type: "goodbye" });
      isOver = true;
      links.close();
      // A page that only went to the back/forward cache still has it when it comes back.
      setTimeout(() => worker.terminate(), goodbyeMs);
    },
  };
}
