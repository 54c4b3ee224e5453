/**
 * The page's half of a worker's links: makes the connections that the worker asks for and hands their channels
 * over. Chromium can transfer an RTCDataChannel from 130 on, in the turn in which it was made:
 * https://developer.mozilla.org/en-US/docs/Web/API/RTCDataChannel#browser_compatibility
 * Elsewhere packets are forwarded. No timers here: a hidden page's are slowed down.
 */
import type { Connect, Connection, DataChannelLike } from "../../shared/net/channel-link.ts";
import { createSimplePeerConnect } from "../../shared/net/simple-peer-link.ts";
import { forwardChannels } from "./forwarding.ts";
import type { LinkDemand, LinkNews } from "./link-messages.ts";

/** A full room over four lanes each needs 124; browsers themselves refuse after 500. */
const maxConnections = 256;

export interface PageLinks {
  /** Connections that are there. */
  readonly connections: number;
  /** Packets are carried by the page; null as long as nobody has tried. */
  readonly isForwarding: boolean | null;
  /** Ends every connection. Nothing else does when the worker is gone: a port does not tell. Idempotent. */
  close(): void;
}

/** @param options.transfer false: forward packets even where channels could be transferred (for tests). */
export function servePageLinks(
  port: MessagePort,
  { transfer = true }: { readonly transfer?: boolean } = {},
): PageLinks {
  const connections = new Map<number, Connection>();
  const connect: Connect = createSimplePeerConnect();
  const tell = (news: LinkNews, things: Transferable[] = []) => port.postMessage(news, things);
  let canTransfer: boolean | null = transfer ? null : false;

  function open({ link, initiator, iceServers }: Extract<LinkDemand, { type: "open" }>): void {
    const closed = (reason: string) => {
      if (connections.has(link)) tell({ type: "closed", link, reason });
      end(link);
    };
    if (connections.size >= maxConnections) {
      tell({ type: "closed", link, reason: `no connection: this page has ${maxConnections} already` });
      return;
    }
    try {
      const connection = connect(
        { initiator, iceServers },
        {
          onChannels: (fragments, control) => handOver(link, fragments, control, closed),
          onSignal: (signal) => tell({ type: "signal", link, signal }),
          onClosed: closed,
        },
      );
      connections.set(link, connection);
    } catch (error) {
      tell({ type: "closed", link, reason: `no connection: ${String(error)}` });
    }
  }

  function handOver(
    link: number,
    fragments: DataChannelLike,
    control: DataChannelLike,
    closed: (reason: string) => void,
  ): void {
    if (canTransfer !== false && fragments instanceof RTCDataChannel && control instanceof RTCDataChannel) {
      try {
        tell({ type: "channels", link, fragments, control }, [fragments, control]);
        canTransfer = true;
        return;
      } catch {
        canTransfer = false; // DataCloneError: this browser cannot, and the channels are still ours.
      }
    }
    const { port1, port2 } = new MessageChannel();
    forwardChannels(port1, fragments, control, () => closed("remote sent more than this tab can take"));
    tell({ type: "forwarding", link, port: port2 }, [port2]);
  }

  function end(link: number): void {
    const connection = connections.get(link);
    connections.delete(link);
    connection?.destroy();
  }

  async function tellStats(link: number): Promise<void> {
    const stats = await connections
      .get(link)
      ?.stats()
      .catch(() => ({}));
    tell({ type: "stats", link, stats: stats ?? {} });
  }

  function close(): void {
    port.close();
    for (const link of connections.keys()) end(link);
  }

  port.addEventListener("message", ({ data: demand }: MessageEvent<LinkDemand>) => {
    if (demand.type === "open") open(demand);
    else if (demand.type === "signal") connections.get(demand.link)?.signal(demand.signal);
    else if (demand.type === "stats") void tellStats(demand.link);
    else end(demand.link);
  });
  port.start();

  return {
    get connections() {
      return connections.size;
    },
    get isForwarding() {
      return canTransfer === null ? null : !canTransfer;
    },
    close,
  };
}
