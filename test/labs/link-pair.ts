/** Two ends of one link in this process, their signals handed straight across. */
import type { ChannelName, CreateLink, Link, Signal } from "../../shared/net/link.ts";
import { realClock, within } from "./real-time.ts";

export interface LinkEnd {
  readonly link: Link;
  readonly opened: Promise<void>;
  /** Why it closed. Never rejects. */
  readonly closed: Promise<string>;
  /** Every reason that was reported; a correct link reports one. */
  readonly reasons: readonly string[];
  /** What to do with what arrives; tests put their own functions here. */
  readonly on: {
    bytes: (channel: ChannelName, bytes: Uint8Array) => void;
    text: (text: string) => void;
    drain: () => void;
  };
}

export interface LinkPair {
  readonly a: LinkEnd;
  readonly b: LinkEnd;
  /** Closes both ends and waits until they say so. */
  close(): Promise<void>;
}

export function createEnd(
  createLink: CreateLink,
  initiator: boolean,
  onSignal: (signal: Signal) => void,
  connectTimeoutMs = 20_000,
): LinkEnd {
  const on: LinkEnd["on"] = { bytes: () => {}, text: () => {}, drain: () => {} };
  const reasons: string[] = [];
  let open = () => {};
  let close = (_reason: string) => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const closed = new Promise<string>((resolve) => (close = resolve));
  const link = createLink({
    initiator,
    iceServers: [],
    connectTimeoutMs,
    clock: realClock,
    events: {
      onSignal,
      onOpen: open,
      onBytes: (channel, bytes) => on.bytes(channel, bytes),
      onText: (text) => on.text(text),
      onDrain: () => on.drain(),
      onClose: (reason) => {
        reasons.push(reason);
        close(reason);
      },
    },
  });
  return { link, opened, closed, reasons, on };
}

/** Both ends, connecting. `relay` may hold, reorder or drop signals. */
export function startPair(
  first: CreateLink,
  second: CreateLink,
  relay: (signal: Signal, deliver: () => void) => void = (_signal, deliver) => deliver(),
): LinkPair {
  const ends: { a?: LinkEnd; b?: LinkEnd } = {};
  // Signals may come before createLink has returned: one turn later both ends are there.
  const to = (name: "a" | "b") => (signal: Signal) =>
    relay(signal, () => queueMicrotask(() => ends[name]?.link.signal(signal)));
  const b = (ends.b = createEnd(second, false, to("a")));
  const a = (ends.a = createEnd(first, true, to("b")));
  const close = async () => {
    a.link.close();
    b.link.close();
    await within(5_000, "both ends closed", Promise.all([a.closed, b.closed]));
  };
  return { a, b, close };
}

/** Both ends, open. Where that fails, neither stays behind. */
export async function connectPair(first: CreateLink, second: CreateLink): Promise<LinkPair> {
  const pair = startPair(first, second);
  try {
    await bothOpen(pair);
    return pair;
  } catch (error) {
    await pair.close();
    throw error;
  }
}

export async function bothOpen({ a, b }: LinkPair, ms = 20_000): Promise<void> {
  const failed = Promise.race([a.closed, b.closed]).then((reason) => {
    throw new Error(`the link closed before it opened: ${reason}`);
  });
  await within(ms, "both ends open", Promise.race([Promise.all([a.opened, b.opened]), failed]));
}
