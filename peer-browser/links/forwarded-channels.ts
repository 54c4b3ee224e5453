/** In the worker, the other end of forwarding.ts: two channels that are really on the page, behind a port. */
import type { DataChannelLike } from "../../shared/net/channel-link.ts";
import type { ChannelName } from "../../shared/net/link.ts";
import { createBatches } from "./batches.ts";
import type { Batches } from "./batches.ts";
import type { Batch, ForwardDemand, ForwardNews } from "./link-messages.ts";

/** Per channel, for a page that is busy: a browser's own channel has such a limit, too. */
const maxPendingBytes = 8 * 1_048_576;

type Listener = (event: { readonly data: unknown }) => void;

interface ForwardedChannel extends DataChannelLike {
  entered(state: "open" | "closed"): void;
  received(data: unknown): void;
  /** What of it waits on the page. */
  buffered(bytes: number): void;
}

export function createForwardedChannels(port: MessagePort): Readonly<Record<ChannelName, DataChannelLike>> {
  const outward = createBatches(port);
  const ask = (demand: ForwardDemand) => port.postMessage(demand);
  let isLooking = false;
  let isClosed = false;

  function look(): void {
    if (!isLooking) ask({ type: "look" });
    isLooking = true;
  }

  function closed(): void {
    if (isClosed || fragments.readyState !== "closed" || control.readyState !== "closed") return;
    isClosed = true;
    outward.flush();
    ask({ type: "close" });
    port.close();
  }

  const fragments = createChannel("fragments", outward, look, closed);
  const control = createChannel("control", outward, look, closed);
  const channels = { fragments, control };

  function takeBatch({ packets }: Batch): void {
    for (const { channel, data } of packets) channels[channel].received(data);
    ask({ type: "taken" });
  }

  function hear(news: Exclude<ForwardNews, Batch>): void {
    if (news.type === "state") return channels[news.channel].entered(news.state);
    if (news.type === "taken") outward.taken();
    else isLooking = false;
    fragments.buffered(news.buffered.fragments);
    control.buffered(news.buffered.control);
  }

  port.addEventListener("message", ({ data: news }: MessageEvent<ForwardNews>) =>
    news.type === "packets" ? takeBatch(news) : hear(news),
  );
  port.start();
  return channels;
}

function createChannel(
  channel: ChannelName,
  outward: Batches,
  look: () => void,
  onClose: () => void,
): ForwardedChannel {
  const listeners = new Map<string, Listener[]>();
  let readyState: RTCDataChannelState = "connecting";
  let onPageBytes = 0;
  let bufferedAmountLowThreshold = 0;
  let isAboveThreshold = false;
  const bufferedAmount = () => outward.pendingBytes(channel) + onPageBytes;

  function tell(type: string, data?: unknown): void {
    for (const listener of listeners.get(type) ?? []) listener({ data });
  }

  function send(data: string | Uint8Array<ArrayBuffer>): void {
    if (readyState !== "open") throw new Error(`the channel is ${readyState}`);
    if (outward.pendingBytes(channel) > maxPendingBytes)
      throw new Error("the page does not take what is sent");
    outward.add({ channel, data: typeof data === "string" ? data : data.slice().buffer });
    if (bufferedAmount() > bufferedAmountLowThreshold) isAboveThreshold = true;
  }

  return {
    binaryType: "arraybuffer",
    get readyState() {
      return readyState;
    },
    /** At least what really waits: the page is asked again whenever somebody wants to know. */
    get bufferedAmount() {
      if (onPageBytes > 0) look();
      return bufferedAmount();
    },
    get bufferedAmountLowThreshold() {
      return bufferedAmountLowThreshold;
    },
    set bufferedAmountLowThreshold(bytes) {
      bufferedAmountLowThreshold = bytes;
    },
    addEventListener: (type: string, listener: Listener) => {
      listeners.set(type, [...(listeners.get(type) ?? []), listener]);
    },
    send,
    close: () => {
      readyState = "closed";
      onClose();
    },
    entered: (state) => {
      if (readyState === "closed") return;
      readyState = state;
      tell(state === "open" ? "open" : "close");
    },
    received: (data) => tell("message", data),
    buffered: (bytes) => {
      onPageBytes = bytes;
      if (!isAboveThreshold || bufferedAmount() > bufferedAmountLowThreshold) return;
      isAboveThreshold = false;
      tell("bufferedamountlow");
    },
  };
}
