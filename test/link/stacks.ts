/** Every implementation of `Link`, as the suite and its child process want it: a path, clean or with faults. */
import {
  cleanup as cleanupNative,
  createNodeDatachannelLink,
} from "../../peer-node/node-datachannel-link.ts";
import { withLossyProxy } from "../../peer-node/lossy-proxy.ts";
import { loadWrtcLinks } from "../../peer-node/wrtc-link.ts";
import { createRng } from "../../shared/core/rng.ts";
import type { Faults } from "../../shared/net/impairment.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { createMemoryNetwork } from "../../shared/net/memory-link.ts";
import { plainHostCandidates } from "../browser/chromium.ts";
import { realClock } from "../labs/real-time.ts";
import type { ChromiumLinks } from "./chromium-links.ts";
import { resourcesOf } from "./resources.ts";
import type { Resources } from "./resources.ts";

export interface Path {
  readonly first: CreateLink;
  readonly second: CreateLink;
  set(faults: Partial<Faults>): void;
}

export interface Stack {
  /** Without faults: no proxy in between. */
  path(faults?: Partial<Faults>): Path;
  /** Where it is not (only) this process that must be left clean. */
  resources?(): Promise<Resources>;
  cleanup(): Promise<void> | void;
}

export const stackNames = [
  "memory",
  "node-datachannel",
  "wrtc",
  "node-datachannel to wrtc",
  "wrtc to node-datachannel",
  "chromium to node-datachannel",
  "forwarding chromium to node-datachannel",
  "chromium to chromium",
] as const;
export type StackName = (typeof stackNames)[number];

const seed = 11;

export async function loadStack(name: StackName): Promise<Stack> {
  if (name === "memory") return { path: memoryPath, cleanup: () => {} };
  const ends = name.split(" to ");
  const browser = await openTabs(ends.filter((end) => end.endsWith("chromium")));
  const tabs = [...(browser?.tabs ?? [])];
  const load = async (end: string) =>
    end.endsWith("chromium") ? tabs.shift()?.createLink : await loadNode(end);
  const creators = await Promise.all(ends.map(load));
  const cleanup = async () => {
    cleanupNative();
    await browser?.close();
  };
  return {
    path: (faults) => networkPath(creators, faults),
    ...(browser ? { resources: async () => resourcesOf(await browser.pids()) } : {}),
    cleanup,
  };
}

/** Chromium hides addresses in names that only it can resolve: enough for Node, not for a proxy between tabs. */
async function openTabs(ends: readonly string[]): Promise<ChromiumLinks | undefined> {
  if (ends.length === 0) return undefined;
  const { openChromiumLinks } = await import("./chromium-links.ts");
  const routes = ends.map((end) => (end === "chromium" ? "transfer" : "forwarding"));
  return openChromiumLinks(routes, ends.length > 1 ? plainHostCandidates : []);
}

async function loadNode(name: string): Promise<CreateLink> {
  return name === "wrtc" ? loadWrtcLinks() : createNodeDatachannelLink;
}

function memoryPath(faults: Partial<Faults> = {}): Path {
  const network = createMemoryNetwork({ clock: realClock, rng: createRng(seed), ...faults });
  return { first: network.createLink, second: network.createLink, set: network.set };
}

function networkPath(creators: readonly (CreateLink | undefined)[], faults?: Partial<Faults>): Path {
  const [first = createNodeDatachannelLink, second = first] = creators;
  if (!faults) return { first, second, set: () => {} };
  const one = withLossyProxy(first, { ...faults, seed });
  const two = withLossyProxy(second, { ...faults, seed: seed + 1 });
  const set = (changes: Partial<Faults>) => {
    one.set(changes);
    two.set(changes);
  };
  return { first: one.createLink, second: two.createLink, set };
}
