/**
 * Somebody who comes to a room again and again, each time as somebody else. A process of its own: what it computes must
 * not delay the reading of peers' lines, because rounds are timed by when those are read.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pause, within } from "../../test/labs/real-time.ts";

export interface Order {
  /** Whose key it has, 0 … 255. */
  readonly life: number;
  /** Of the packets that it mutates and sends to everybody until all have closed its link; absent: it says nothing. */
  readonly seed?: number;
}

export interface Visit {
  readonly sent: number;
  /** Until the last peer had closed its link, or of a silent visit; null: that did not happen, or it was not linked to all. */
  readonly seconds: number | null;
}

export interface Visitor {
  /** Until it is gone again. `isShutOut`: everybody says that it is. @throws Error when it can't get in */
  visit(order: Order, isShutOut: () => boolean): Promise<Visit>;
  close(): void;
}

const limitMs = 60_000;

/** @param links to how many it is linked when it is linked to everybody */
export function startVisitor(url: string, links: number): Visitor {
  const file = fileURLToPath(new URL("./visitor-child.js", import.meta.url));
  const child = fork(file, [url, `${links}`], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exit = new AbortController();
  child.once("exit", (code, signal) =>
    exit.abort(new Error(`a visitor's process ended (${signal ?? code})`)),
  );
  child.on("error", (error) => exit.abort(error));
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  return {
    async visit(order, isShutOut) {
      exit.signal.throwIfAborted();
      const answer = within(limitMs, "a visitor", once(child, "message", { signal: exit.signal }));
      child.send(order);
      const back = new AbortController();
      const comesBack = () => back.abort();
      answer.then(comesBack, comesBack);
      while (!back.signal.aborted && !isShutOut()) await pause(5);
      if (!back.signal.aborted) child.send("over");
      const [message]: (Visit | { readonly failed: string })[] = await answer.catch((error: unknown) => {
        throw exit.signal.reason ?? error;
      });
      if (!message || "failed" in message) throw new Error(`a visitor: ${message?.failed}`);
      return message;
    },
    close() {
      process.off("exit", kill);
      kill();
    },
  };
}
