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
import { realClock } from "../labs/real-time.ts";

export interface Path {
  readonly first: CreateLink;
  readonly second: CreateLink;
  set(faults: Partial<Faults>): void;
}

export interface Stack {
  /** Without faults: no proxy in between. */
  path(faults?: Partial<Faults>): Path;
  cleanup(): void;
}

export const stackNames = [
  "memory",
  "node-datachannel",
  "wrtc",
  "node-datachannel to wrtc",
  "wrtc to node-datachannel",
] as const;
export type StackName = (typeof stackNames)[number];

const seed = 11;

export async function loadStack(name: StackName): Promise<Stack> {
  if (name === "memory") return { path: memoryPath, cleanup: () => {} };
  const [first, second] = name.split(" to ").map(load);
  const creators = await Promise.all([first, second ?? first]);
  return { path: (faults) => networkPath(creators, faults), cleanup: cleanupNative };
}

async function load(name: string): Promise<CreateLink> {
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
