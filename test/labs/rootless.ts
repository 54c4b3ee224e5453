/**
 * The lab that needs no rights: real links between peers of one process, every packet through a lossy proxy.
 * @example
 * const lab = createRootlessLab({ createLink: createNodeDatachannelLink, loss: 0.1, seed: 7 });
 * const { a, b } = await lab.pair();   // or lab.mesh(4), or hand lab.createLink to whole peers
 * lab.set({ blackout: true });
 * await lab.close();
 */
import { withLossyProxy } from "../../peer-node/lossy-proxy.ts";
import type { LossyProxy } from "../../peer-node/lossy-proxy.ts";
import type { Faults } from "../../shared/net/impairment.ts";
import type { CreateLink } from "../../shared/net/link.ts";
import { connectPair } from "./link-pair.ts";
import type { LinkPair } from "./link-pair.ts";

export interface RootlessLab extends LossyProxy {
  pair(): Promise<LinkPair>;
  /** One pair for each two of n peers: `pairs.get("0-2")`, the lower number is end a. */
  mesh(peers: number): Promise<ReadonlyMap<string, LinkPair>>;
  /** Closes every pair that the lab made. */
  close(): Promise<void>;
}

export function createRootlessLab(
  options: Partial<Faults> & { readonly seed: number; readonly createLink: CreateLink },
): RootlessLab {
  const { createLink, ...faults } = options;
  const proxy = withLossyProxy(createLink, faults);
  const made: LinkPair[] = [];

  async function pair(): Promise<LinkPair> {
    const fresh = await connectPair(proxy.createLink, proxy.createLink);
    made.push(fresh);
    return fresh;
  }

  async function mesh(peers: number): Promise<ReadonlyMap<string, LinkPair>> {
    const names: string[] = [];
    for (let i = 0; i < peers; i++) for (let j = i + 1; j < peers; j++) names.push(`${i}-${j}`);
    return new Map(await Promise.all(names.map(async (name) => [name, await pair()] as const)));
  }

  return {
    ...proxy,
    pair,
    mesh,
    close: async () => {
      await Promise.all(made.splice(0).map((each) => each.close()));
    },
  };
}
