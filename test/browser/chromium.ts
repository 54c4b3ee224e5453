/** Real Chromium for tests of pages: started, watched for what a page must never do, and closed afterwards. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { ipIn } from "../labs/netns.ts";
import { chromiumPath } from "../needs.ts";
import { onExit } from "../labs/on-exit.ts";

/** What ends with the test: a test's context, or `{ after }` from node:test for a whole file. */
export interface Ending {
  after(end: () => Promise<void> | void): void;
}

const waitMs = 10_000;

/** For `args`: WebGPU without a graphics card. */
export const softwareGpu: readonly string[] = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
];
/** For `args`: host candidates carry addresses, not `.local` names that only the browser can resolve. */
export const plainHostCandidates: readonly string[] = ["--disable-features=WebRtcHideLocalIpsWithMdns"];

const name = "shoal.example";
/** For `args`: this machine has a name that is not localhost. */
export const withNetworkName: readonly string[] = [`--host-resolver-rules=MAP ${name} 127.0.0.1`];

/** The address of a server on this machine as others on the network would write it. */
export function networkName(url: string): string {
  return `http://${name}:${new URL(url).port}`;
}

/** A browser is several processes, and other tests may start some beside it. */
const launchMs = 120_000;

/** @example const browser = await launchChromium(t, { args: softwareGpu }); */
export async function launchChromium(
  t: Ending,
  {
    args = [],
    without = [],
    namespace,
  }: {
    readonly args?: readonly string[];
    readonly without?: readonly string[];
    /** The network that it is in: a lab's (`KernelLab.namespace`). */
    readonly namespace?: string | undefined;
  } = {},
): Promise<Browser> {
  const path = chromiumPath() ?? "chromium";
  const quiet = ["--disable-background-networking", "--no-first-run"];
  const browser = await chromium.launch({
    executablePath: namespace === undefined ? path : startedIn(namespace, path, t),
    timeout: launchMs,
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...quiet, ...args],
    // Of what Playwright switches on by itself.
    ignoreDefaultArgs: [...without],
  });
  t.after(() => browser.close());
  return browser;
}

/**
 * A program that starts another one inside a network namespace: Playwright takes a path, and no words before it.
 * A page that may not use the camera is told of no interfaces: its address is the one that the way out would
 * have, so there has to be one, even if it leads nowhere.
 */
function startedIn(namespace: string, program: string, t: Ending): string {
  const folder = mkdtempSync(join(tmpdir(), "shoal-chromium-"));
  t.after(onExit(() => rmSync(folder, { recursive: true })));
  const script = join(folder, "chromium");
  ipIn(namespace, ["route replace default dev eth0"]);
  writeFileSync(script, `#!/bin/sh\nexec ip netns exec ${namespace} ${program} "$@"\n`, { mode: 0o755 });
  return script;
}

export interface WatchedPage {
  readonly page: Page;
  /** Console errors, page errors and requests to other hosts, as they come. */
  readonly faults: string[];
}

/** Opens `url` in a context of its own (its storage and locks are not shared with other pages). */
export async function openPage(
  browser: Browser,
  url: string,
  options: Pick<BrowserContextOptions, "viewport" | "colorScheme" | "reducedMotion"> = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(waitMs);
  const faults = watchFaults(page, new URL(url).host);
  await page.goto(url);
  return { page, faults };
}

/** `blob:` and `data:` addresses stay within the page. */
export function watchFaults(page: Page, host: string): string[] {
  const faults: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
  page.on("pageerror", (error) => void faults.push(error.message));
  page.on("request", (request) => {
    const { protocol, host: asked } = new URL(request.url());
    if (protocol !== "blob:" && protocol !== "data:" && asked !== host) faults.push(request.url());
  });
  return faults;
}
