/** `--webrtc` and `--loss`: which WebRTC stack makes the links, and what its packets meet. */
import { withLanes } from "../shared/net/lanes.ts";
import type { CreateLink } from "../shared/net/link.ts";
import { usageError } from "./exit-codes.ts";

export interface LinkStack {
  readonly createLink: CreateLink;
  /** Ends what the stack keeps running; the process exits by itself afterwards. */
  cleanup(): void;
}

export async function openLinkStack(options: {
  readonly webrtc: "native" | "wrtc";
  /** Share of packets lost on top of what the network loses. */
  readonly loss: number;
  readonly seed: number;
}): Promise<LinkStack> {
  const stack = await (options.webrtc === "wrtc" ? wrtcStack() : nativeStack());
  if (options.loss === 0) return { ...stack, createLink: withLanes(stack.createLink) };
  const { withLossyProxy } = await import("./lossy-proxy.ts");
  const { createLink } = withLossyProxy(stack.createLink, { loss: options.loss, seed: options.seed });
  return { ...stack, createLink: withLanes(createLink) };
}

async function nativeStack(): Promise<LinkStack> {
  const { createNodeDatachannelLink, cleanup } = await import("./node-datachannel-link.ts");
  return { createLink: createNodeDatachannelLink, cleanup };
}

async function wrtcStack(): Promise<LinkStack> {
  const { loadWrtcLinks } = await import("./wrtc-link.ts");
  try {
    return { createLink: await loadWrtcLinks(), cleanup: () => {} };
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}
