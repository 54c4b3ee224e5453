/**
 * `Link` over two W3C data channels: opening, receiving, sending, room in the buffer, closing. The connection
 * below them (descriptions, candidates, statistics) is handed in, because it may live on another thread: a
 * tab's connections can only be made by the page, its channels are used in a worker.
 */
import type { Clock } from "../core/clock.ts";
import { createLinkLifecycle } from "./link-lifecycle.ts";
import type { LinkLifecycle } from "./link-lifecycle.ts";
import { createLinkSender } from "./link-sender.ts";
import type { RawChannel } from "./link-sender.ts";
import { lowWaterBytes } from "./link.ts";
import type { CreateLink, Link, LinkOptions, LinkStats, Signal } from "./link.ts";
import { createStatsReader } from "./simple-peer-stats.ts";

const drainPollMs = 10;

/** What of an RTCDataChannel is used here; also made of a MessagePort (peer-browser/links). */
export interface DataChannelLike {
  readonly readyState: RTCDataChannelState;
  readonly bufferedAmount: number;
  /** Undefined: no "bufferedamountlow" either (`wrtc`). */
  bufferedAmountLowThreshold?: number;
  binaryType: BinaryType;
  addEventListener(type: "open" | "close" | "bufferedamountlow", run: () => void): void;
  addEventListener(type: "message", run: (event: { readonly data: unknown }) => void): void;
  send(data: string): void;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface ConnectionEvents {
  /** Once, before they are open; perhaps before `connect` has returned. */
  onChannels(fragments: DataChannelLike, control: DataChannelLike): void;
  onSignal(signal: Signal): void;
  /** It failed, or the remote closed it; perhaps more than once. */
  onClosed(reason: string): void;
}

export interface Connection {
  /** Never throws. */
  signal(signal: Signal): void;
  stats(): Promise<LinkStats>;
  destroy(): void;
}

/** @throws what the stack throws when it cannot start. */
export type Connect = (
  options: Pick<LinkOptions, "initiator" | "iceServers">,
  events: ConnectionEvents,
) => Connection;

export function createChannelLinks(connect: Connect): CreateLink {
  return (options) => linkOver(connect, options);
}

interface Channels {
  readonly fragments: DataChannelLike;
  readonly control: DataChannelLike;
}

function linkOver(connect: Connect, options: LinkOptions): Link {
  let connection: Connection | undefined;
  let channels: Channels | undefined;
  let drain: DrainWatch | undefined;
  const lifecycle = createLinkLifecycle(options, () => connection?.destroy());
  const sender = createLinkSender(() => (channels ? lifecycle.state : "connecting"), {
    fragments: rawChannel(() => channels?.fragments),
    control: rawChannel(() => channels?.control),
  });

  function useChannels(fragments: DataChannelLike, control: DataChannelLike): void {
    channels = { fragments, control };
    listenToChannels(channels, lifecycle);
    drain = createDrainWatch(fragments, options.clock, lifecycle);
  }

  try {
    connection = connect(options, {
      onChannels: useChannels,
      onSignal: lifecycle.signal,
      onClosed: lifecycle.closed,
    });
  } catch (error) {
    lifecycle.closed(`no connection: ${String(error)}`);
  }
  const readStats = createStatsReader(() => connection?.stats() ?? Promise.resolve({}));

  return {
    get state() {
      return lifecycle.state;
    },
    get bufferedBytes() {
      return sender.bufferedBytes();
    },
    signal: (signal) => {
      if (lifecycle.state !== "closed") connection?.signal(signal);
    },
    send: (channel, bytes) => {
      const sent = sender.send(channel, bytes);
      if (!sent && channel === "fragments") drain?.refused();
      return sent;
    },
    sendText: sender.sendText,
    stats: () => (lifecycle.state === "open" ? readStats() : {}),
    close: (reason = "closed") => lifecycle.closed(reason),
  };
}

function listenToChannels(channels: Channels, lifecycle: LinkLifecycle): void {
  const both = Object.values(channels);
  for (const name of ["fragments", "control"] as const) {
    const channel = channels[name];
    channel.binaryType = "arraybuffer";
    channel.addEventListener("open", () => {
      if (both.every(({ readyState }) => readyState === "open")) lifecycle.opened();
    });
    channel.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) lifecycle.received(name, new Uint8Array(data));
      else if (typeof data === "string") lifecycle.received(name, data);
    });
    channel.addEventListener("close", () => lifecycle.closed("remote closed"));
  }
}

interface DrainWatch {
  refused(): void;
}

/** Says when there is room again: by the channel's own event, or (`wrtc` has none) by looking. */
function createDrainWatch(channel: DataChannelLike, clock: Clock, lifecycle: LinkLifecycle): DrainWatch {
  const hasEvent = "bufferedAmountLowThreshold" in channel;
  let watching = false;
  if (hasEvent) {
    channel.bufferedAmountLowThreshold = lowWaterBytes;
    channel.addEventListener("bufferedamountlow", () => lifecycle.drained());
  }

  function look(): void {
    watching = lifecycle.state === "open" && channel.bufferedAmount > lowWaterBytes;
    if (watching) clock.after(drainPollMs, look);
    else lifecycle.drained();
  }
  return {
    refused: () => {
      if (hasEvent || watching || lifecycle.state !== "open") return;
      watching = true;
      clock.after(drainPollMs, look);
    },
  };
}

/** The sender asks only when the link is open, and then there is a channel. */
function rawChannel(channel: () => DataChannelLike | undefined): RawChannel {
  return {
    bufferedBytes: () => channel()?.bufferedAmount ?? 0,
    // `slice` because the DOM's type excludes shared memory; the channel copies in any case.
    sendBytes: (bytes) => channel()?.send(bytes.slice()),
    sendText: (text) => channel()?.send(text),
  };
}
