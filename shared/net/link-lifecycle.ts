/**
 * What every link does the same way, whatever stack is below: it opens once, gives up when connecting takes
 * too long, closes once and is silent afterwards. Stacks go on calling back after a close (native threads,
 * queued events); everything they say passes through here, so that nobody above ever hears it.
 */
import type { ChannelName, Link, LinkOptions, Signal } from "./link.ts";
import { maxMessageBytes } from "./link.ts";

/** Control messages that may arrive before our own side has opened; an honest remote sends a handful. */
const maxEarlyMessages = 64;

export interface LinkLifecycle {
  readonly state: Link["state"];
  opened(): void;
  /** Idempotent; the first reason stands. */
  closed(reason: string): void;
  signal(signal: Signal): void;
  received(channel: ChannelName, data: string | Uint8Array): void;
  drained(): void;
}

/** @param teardown frees the stack's objects; called once, may throw. */
export function createLinkLifecycle(
  { clock, connectTimeoutMs, events }: LinkOptions,
  teardown: () => void,
): LinkLifecycle {
  let state: Link["state"] = "connecting";
  const early: (string | Uint8Array)[] = [];
  const cancelTimeout = clock.after(connectTimeoutMs, () => closed("connect time-out"));

  function opened(): void {
    if (state !== "connecting") return;
    state = "open";
    cancelTimeout();
    events.onOpen();
    for (const data of early.splice(0)) received("control", data);
  }

  function closed(reason: string): void {
    if (state === "closed") return;
    state = "closed";
    cancelTimeout();
    try {
      teardown();
    } catch {
      // A stack that cannot be closed any more is as good as closed.
    }
    clock.after(0, () => events.onClose(reason));
  }

  function received(channel: ChannelName, data: string | Uint8Array): void {
    if (state === "closed") return;
    if (data.length > maxMessageBytes) closed("remote sent an oversized message");
    else if (state === "connecting") keepEarly(channel, data);
    else if (typeof data !== "string") events.onBytes(channel, data);
    else if (channel === "control") events.onText(data);
  }

  /** The remote may open, and speak, before we do: its control channel is reliable, so we keep that. */
  function keepEarly(channel: ChannelName, data: string | Uint8Array): void {
    if (channel === "fragments") return;
    if (early.length < maxEarlyMessages) early.push(data);
    else closed("remote sent too much before the link was open");
  }

  return {
    get state() {
      return state;
    },
    opened,
    closed,
    received,
    signal: (signal) => {
      if (state !== "closed") events.onSignal(signal);
    },
    drained: () => {
      if (state === "open") events.onDrain();
    },
  };
}

/** A link whose stack refused to start: reports it like any other closed link instead of throwing. */
export function createFailedLink(options: LinkOptions, reason: string): Link {
  createLinkLifecycle(options, () => undefined).closed(reason);
  return {
    state: "closed",
    bufferedBytes: 0,
    signal: () => undefined,
    send: () => false,
    sendText: () => false,
    stats: () => ({}),
    close: () => undefined,
  };
}
