/**
 * A tab that can really be hidden. Playwright keeps every page that it drives visible and its timers at full
 * pace, so this one is driven past it, by the debugger's own protocol in the browser's own window.
 */
import type { Browser } from "playwright-core";
import * as v from "valibot";
import { pause, within } from "../labs/real-time.ts";

/** For `launchChromium`: what Playwright switches off so that hidden pages keep their pace. */
export const withThrottling: readonly string[] = [
  "--disable-backgrounding-occluded-windows",
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
];

export interface HideableTab {
  evaluate(expression: string): Promise<unknown>;
  /** Another tab comes in front of it. */
  hide(): Promise<void>;
  show(): Promise<void>;
}

const joinClick = `(() => {
  if (document.querySelector("#consent")?.hidden ?? true) return false;
  document.querySelector("#join").click();
  return true;
})()`;

/** Open at the join page of a room, and taking part. */
export async function joinWithHideableTab(browser: Browser, roomUrl: string): Promise<HideableTab> {
  const tab = await openHideableTab(browser, roomUrl);
  const endMs = performance.now() + answerMs;
  while ((await tab.evaluate(joinClick)) !== true) {
    if (performance.now() > endMs) throw new Error(`${roomUrl}: no consent screen after ${answerMs} ms`);
    await pause(50);
  }
  return tab;
}

/** No result: the page went away under the question, to the one that it was to open. */
const answerSchema = v.object({
  id: v.number(),
  result: v.optional(v.object({ result: v.object({ value: v.optional(v.unknown()) }) })),
});
const answerMs = 10_000;

/** In a context of its own: tabs that share one take turns to train. */
async function openHideableTab(browser: Browser, url: string): Promise<HideableTab> {
  const cdp = await browser.newBrowserCDPSession();
  const { browserContextId } = await cdp.send("Target.createBrowserContext");
  const { targetId } = await cdp.send("Target.createTarget", { url, browserContextId });
  // Not flat: Playwright would not know the session and drop its answers.
  const { sessionId } = await cdp.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map<number, (value: unknown) => void>();
  let lastId = 0;
  cdp.on("Target.receivedMessageFromTarget", ({ message }) => {
    const parsed = v.safeParse(answerSchema, JSON.parse(message));
    if (parsed.success) waiting.get(parsed.output.id)?.(parsed.output.result?.result.value);
  });

  return {
    async evaluate(expression) {
      const id = ++lastId;
      const answer = new Promise((resolve) => waiting.set(id, resolve));
      const params = { expression, awaitPromise: true, returnByValue: true };
      const message = JSON.stringify({ id, method: "Runtime.evaluate", params });
      await cdp.send("Target.sendMessageToTarget", { sessionId, message });
      return within(answerMs, expression, answer).finally(() => waiting.delete(id));
    },
    async hide() {
      await cdp.send("Target.createTarget", { url: "about:blank", browserContextId });
    },
    async show() {
      await cdp.send("Target.activateTarget", { targetId });
    },
  };
}
