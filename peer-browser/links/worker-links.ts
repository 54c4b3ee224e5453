/**
 * `Link` in a worker. Its connection is made by the page at the other end of a port (page-links.ts); its
 * channels are the browser's own where they can be transferred, so that no packet ever touches the page.
 * Time-outs run here, by the link's clock: a hidden page's timers are slowed down, a worker's are not.
 */
import { createChannelLinks } from "../../shared/net/channel-link.ts";
import type { Connection, ConnectionEvents, DataChannelLike } from "../../shared/net/channel-link.ts";
import type { CreateLink, LinkStats } from "../../shared/net/link.ts";
import { createForwardedChannels } from "./forwarded-channels.ts";
import type { LinkDemand, LinkNews } from "./link-messages.ts";

/** The worker's half of one link. */
interface End {
  readonly events: ConnectionEvents;
  channels: readonly DataChannelLike[];
  /** Takes the statistics that were asked for. */
  answer: (stats: LinkStats) => void;
}

/** @example const createLink = withLanes(createWorkerLinks(port)); */
export function createWorkerLinks(port: MessagePort): CreateLink {
  const ends = new Map<number, End>();
  let opened = 0;
  const ask = (demand: LinkDemand) => port.postMessage(demand);

  function connect(
    { initiator, iceServers }: { readonly initiator: boolean; readonly iceServers: readonly string[] },
    events: ConnectionEvents,
  ): Connection {
    const link = opened++;
    const end: End = { events, channels: [], answer: () => undefined };
    ends.set(link, end);
    ask({ type: "open", link, initiator, iceServers });
    return {
      signal: (signal) => ask({ type: "signal", link, signal }),
      stats: () =>
        new Promise((resolve) => {
          end.answer = resolve;
          ask({ type: "stats", link });
        }),
      destroy: () => {
        if (!ends.delete(link)) return;
        for (const channel of end.channels) channel.close();
        ask({ type: "close", link });
      },
    };
  }

  function useChannels(end: End, fragments: DataChannelLike, control: DataChannelLike): void {
    end.channels = [fragments, control];
    end.events.onChannels(fragments, control);
  }

  port.addEventListener("message", ({ data: news }: MessageEvent<LinkNews>) => {
    const end = ends.get(news.link);
    if (!end) {
      // Closed before the page knew: nobody will use this port.
      if (news.type === "forwarding") news.port.close();
    } else if (news.type === "channels") useChannels(end, news.fragments, news.control);
    else if (news.type === "forwarding") {
      const { fragments, control } = createForwardedChannels(news.port);
      useChannels(end, fragments, control);
    } else if (news.type === "signal") end.events.onSignal(news.signal);
    else if (news.type === "stats") end.answer(news.stats);
    else end.events.onClosed(news.reason);
  });
  port.start();
  return createChannelLinks(connect);
}
