/** On the page, where a browser cannot transfer channels: carries their packets to a worker's port and back. */
import type { DataChannelLike } from "../../shared/net/channel-link.ts";
import { lowWaterBytes } from "../../shared/net/link.ts";
import type { ChannelName } from "../../shared/net/link.ts";
import { createBatches } from "./batches.ts";
import type { Buffered, ForwardDemand, ForwardNews, Packet } from "./link-messages.ts";

/** Per channel, for a worker that is busy. More than a round from one peer; a remote could go on for ever. */
const maxPendingBytes = 8 * 1_048_576;

/** @param onOverflow the remote sends control messages faster than the worker takes them. */
export function forwardChannels(
  port: MessagePort,
  fragments: DataChannelLike,
  control: DataChannelLike,
  onOverflow: () => void,
): void {
  const channels = { fragments, control };
  const inward = createBatches(port);
  const tell = (news: ForwardNews) => port.postMessage(news);
  const buffered = (): Buffered => ({
    fragments: fragments.bufferedAmount,
    control: control.bufferedAmount,
  });

  function received(channel: ChannelName, data: unknown): void {
    if (typeof data !== "string" && !(data instanceof ArrayBuffer)) return;
    if (inward.pendingBytes(channel) <= maxPendingBytes) inward.add({ channel, data });
    // Too many fragments: some get lost, as they may anywhere.
    else if (channel === "control") onOverflow();
  }

  for (const name of ["fragments", "control"] as const) {
    const channel = channels[name];
    channel.binaryType = "arraybuffer";
    channel.addEventListener("open", () => tell({ type: "state", channel: name, state: "open" }));
    channel.addEventListener("message", ({ data }) => received(name, data));
    channel.addEventListener("close", () => {
      inward.flush();
      tell({ type: "state", channel: name, state: "closed" });
    });
  }
  fragments.bufferedAmountLowThreshold = lowWaterBytes;
  fragments.addEventListener("bufferedamountlow", () => tell({ type: "buffered", buffered: buffered() }));

  function send({ channel, data }: Packet): void {
    try {
      if (typeof data === "string") channels[channel].send(data);
      else channels[channel].send(new Uint8Array(data));
    } catch {
      // Closing, or its buffer is full: the state says the one, a lost fragment the other.
    }
  }

  port.addEventListener("message", ({ data: demand }: MessageEvent<ForwardDemand>) => {
    if (demand.type === "packets") {
      for (const packet of demand.packets) send(packet);
      tell({ type: "taken", buffered: buffered() });
    } else if (demand.type === "taken") inward.taken();
    else if (demand.type === "look") tell({ type: "buffered", buffered: buffered() });
    else port.close();
  });
  port.start();
}
