/**
 * The peer worker on a network that loses a share of all packets. Between tabs each side loses what it sends;
 * towards a program, which knows nothing of this, the tab loses both ways.
 */
import { createWorkerLinks } from "../../peer-browser/links/worker-links.ts";
import type { TabCommand } from "../../peer-browser/tab-messages.ts";
import { startTabPeer } from "../../peer-browser/worker/tab-peer.ts";
import type { TabPeer } from "../../peer-browser/worker/tab-peer.ts";
import { createRng } from "../../shared/core/rng.ts";
import type { CreateLink } from "../../shared/net/link.ts";

/** Put in when this is bundled. */
declare const LOSS: number;
const rng = createRng(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1);
const isLost = () => rng.float() < LOSS;

function withLoss(createLink: CreateLink): CreateLink {
  return (options) => {
    /** As node-datachannel's session descriptions begin. */
    let isProgram = false;
    const { events } = options;
    const link = createLink({
      ...options,
      events: {
        ...events,
        onBytes(channel, bytes) {
          if (isProgram && channel === "fragments" && isLost()) return;
          events.onBytes(channel, bytes);
        },
      },
    });
    return {
      get state() {
        return link.state;
      },
      get bufferedBytes() {
        return link.bufferedBytes;
      },
      signal(signal) {
        if (signal.type !== "candidate") isProgram = /^o=rtc /m.test(signal.sdp);
        link.signal(signal);
      },
      send: (channel, bytes) =>
        (channel === "fragments" && link.state === "open" && isLost()) || link.send(channel, bytes),
      sendText: link.sendText,
      stats: link.stats,
      close: link.close,
    };
  };
}

let peer: TabPeer | undefined;
addEventListener("message", ({ data }: MessageEvent<TabCommand>) => {
  if (data.type !== "start") peer?.take(data);
  else peer ??= startTabPeer(data, (news) => postMessage(news), withLoss(createWorkerLinks(data.links)));
});
