/**
 * Links that live in a worker of a page in Chromium, driven from here as if they were ours, so that the suite
 * holds them like any other. Every call waits for the worker's own answer.
 */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import type { CreateLink, LinkEvents } from "../../shared/net/link.ts";
import { bundling } from "../../signaling-server/bundling.ts";
import { launchChromium, openPage } from "../browser/chromium.ts";
import { within } from "../labs/real-time.ts";
import type { LinkAnswer, LinkCall, LinkNews, RelayCall, RelayData, RelayNews } from "./link-calls.ts";

// Run from dist/test/link; esbuild reads the sources, not what tsc made of them.
const sources = fileURLToPath(new URL("../../../test/browser/", import.meta.url));
const answerBytes = 4_096;
const answerWithinMs = 10_000;
/** A thread that loads socket.io. */
const startWithinMs = 30_000;

export interface Tab {
  readonly createLink: CreateLink;
  readonly page: Page;
  /** Console errors and the like. */
  readonly faults: readonly string[];
}

export interface ChromiumLinks {
  readonly tabs: readonly Tab[];
  /** Processes of this browser. */
  pids(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** @param routes how each tab's packets get to its worker, a page per entry. */
export async function openChromiumLinks(
  routes: readonly ("transfer" | "forwarding")[],
  args: readonly string[] = [],
): Promise<ChromiumLinks> {
  const endings: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  try {
    const relay = await startRelay();
    endings.push(relay.close);
    const browser = await launchChromium({ after: (end) => endings.push(end) }, { args });
    const session = await browser.newBrowserCDPSession();
    const open = async (route: string, tab: number): Promise<Tab> => {
      const createLink = relay.tab(tab);
      const opened = await openPage(browser, `${relay.url}/?tab=${tab}&${route}`);
      return { createLink, ...opened };
    };
    const tabs = await Promise.all(routes.map(open));
    await within(answerWithinMs, "the pages' workers", relay.ready(routes.length));
    const pids = async () => {
      const { processInfo } = await session.send("SystemInfo.getProcessInfo");
      return processInfo.map(({ id }) => id);
    };
    return { tabs, pids, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Relay {
  readonly url: string;
  ready(tabs: number): Promise<void>;
  tab(tab: number): CreateLink;
  close(): Promise<void>;
}

async function startRelay(): Promise<Relay> {
  const answer = new SharedArrayBuffer(answerBytes);
  const workerData: RelayData = { files: await files(), answer };
  const thread = new Worker(new URL("relay-child.js", import.meta.url), { workerData });
  const hear = new Map<number, (news: LinkNews) => void>();
  const there = new Set<number>();
  let noteReady = () => {};
  let noteListening = (_url: string) => {};
  const listening = new Promise<string>((resolve) => (noteListening = resolve));
  thread.on("message", (message: RelayNews) => {
    if (message.type === "listening") noteListening(message.url);
    if (message.type === "news") hear.get(message.tab)?.(message.news);
    if (message.type === "ready") there.add(message.tab);
    noteReady();
  });

  const post = (call: RelayCall) => thread.postMessage(call, []);
  return {
    url: await within(startWithinMs, "the relay", listening),
    ready: async (tabs) => {
      while (there.size < tabs) await new Promise<void>((resolve) => (noteReady = resolve));
    },
    tab: (tab) => {
      const events = new Map<number, LinkEvents>();
      hear.set(tab, (news) => pass(news, events));
      return remoteLinks(events, {
        call: (call) => post({ tab, call, isAsking: false }),
        ask: (call) => {
          post({ tab, call, isAsking: true });
          return waitForAnswer(answer, call);
        },
      });
    },
    close: async () => void (await thread.terminate()),
  };
}

function waitForAnswer(answer: SharedArrayBuffer, call: LinkCall): LinkAnswer {
  const flags = new Int32Array(answer, 0, 2);
  if (Atomics.wait(flags, 0, 0, answerWithinMs) === "timed-out") {
    throw new Error(`${call.type}: Chromium does not answer`);
  }
  const text = new TextDecoder().decode(new Uint8Array(answer, 8, flags[1]).slice());
  Atomics.store(flags, 0, 0);
  const given: LinkAnswer = JSON.parse(text);
  return given;
}

interface Caller {
  call(call: LinkCall): void;
  ask(call: LinkCall): LinkAnswer;
}

function remoteLinks(events: Map<number, LinkEvents>, { call, ask }: Caller): CreateLink {
  let links = 0;
  return ({ initiator, iceServers, connectTimeoutMs, events: given }) => {
    const link = links++;
    events.set(link, given);
    call({ link, type: "create", initiator, iceServers, connectTimeoutMs });
    return {
      get state() {
        return ask({ link, type: "state" }).state ?? "closed";
      },
      get bufferedBytes() {
        return ask({ link, type: "bufferedBytes" }).bufferedBytes ?? 0;
      },
      signal: (signal) => call({ link, type: "signal", signal }),
      send: (channel, bytes) => ask({ link, type: "send", channel, bytes }).sent ?? false,
      sendText: (text) => ask({ link, type: "sendText", text }).sent ?? false,
      stats: () => ask({ link, type: "stats" }).stats ?? {},
      close: (reason) => call({ link, type: "close", reason }),
    };
  };
}

function pass(news: LinkNews, events: Map<number, LinkEvents>): void {
  const to = events.get(news.link);
  if (news.type === "signal") to?.onSignal(news.signal);
  else if (news.type === "bytes") to?.onBytes(news.channel, new Uint8Array(news.bytes));
  else if (news.type === "text") to?.onText(news.text);
  else if (news.type === "drain") to?.onDrain();
  else if (news.type === "open") to?.onOpen();
  else if (news.type === "close") to?.onClose(news.reason);
}

async function files(): Promise<RelayData["files"]> {
  const { outputFiles } = await build({
    ...bundling,
    entryPoints: [`${sources}link-page.ts`, `${sources}link-worker.ts`],
    outdir: "/",
    write: false,
  });
  const text = (name: string) => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? "";
  const page = `<!doctype html><title>links</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>`;
  return {
    "/": { type: "text/html", text: page },
    "/page.js": { type: "text/javascript", text: text("link-page.js") },
    "/worker.js": { type: "text/javascript", text: text("link-worker.js") },
  };
}
