/**
 * The other WebRTC stack in Node: simple-peer over the `wrtc` package (libwebrtc), for `--webrtc wrtc`. Not
 * installed with shoal: it is 26 MB and slower than node-datachannel.
 */
import { createSimplePeerLinks } from "../shared/net/simple-peer-link.ts";
import type { CreateLink } from "../shared/net/link.ts";

/** @throws Error with one sentence when the package is missing or has no binary for this machine. */
export async function loadWrtcLinks(): Promise<CreateLink> {
  try {
    const { default: wrtc } = await import("wrtc");
    return createSimplePeerLinks(wrtc);
  } catch (error) {
    throw new Error(
      "--webrtc wrtc: the wrtc package cannot be loaded: npm install wrtc@npm:@roamhq/wrtc, or leave the option out",
      { cause: error },
    );
  }
}
