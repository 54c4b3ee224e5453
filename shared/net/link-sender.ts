/** The rules for sending that every link shares: open, not too large, and no more fragments than the buffer takes. */
import type { ChannelName, Link } from "./link.ts";
import { highWaterBytes, maxMessageBytes } from "./link.ts";

/** A stack's channel. Sending may throw: the message is then taken as not sent. */
export interface RawChannel {
  bufferedBytes(): number;
  sendBytes(bytes: Uint8Array): void;
  sendText(text: string): void;
}

export interface LinkSender {
  bufferedBytes(): number;
  send(channel: ChannelName, bytes: Uint8Array): boolean;
  sendText(text: string): boolean;
}

const encoder = new TextEncoder();

export function createLinkSender(
  state: () => Link["state"],
  channels: Readonly<Record<ChannelName, RawChannel>>,
): LinkSender {
  const bufferedBytes = () => (state() === "open" ? channels.fragments.bufferedBytes() : 0);

  return {
    bufferedBytes,
    send: (channel, bytes) =>
      state() === "open" &&
      bytes.length <= maxMessageBytes &&
      (channel === "control" || bufferedBytes() < highWaterBytes) &&
      succeeds(() => channels[channel].sendBytes(bytes)),
    sendText: (text) =>
      state() === "open" && textFits(text) && succeeds(() => channels.control.sendText(text)),
  };
}

function textFits(text: string): boolean {
  if (text.length > maxMessageBytes) return false;
  // One UTF-16 unit is three bytes of UTF-8 at most: short texts need no counting.
  return text.length * 3 <= maxMessageBytes || encoder.encode(text).length <= maxMessageBytes;
}

function succeeds(send: () => void): boolean {
  try {
    send();
    return true;
  } catch {
    return false;
  }
}
