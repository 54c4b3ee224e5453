/**
 * One link made of several connections. SCTP's congestion control collapses under random loss (at 10 % and
 * 40 ms one association carries a tenth of what four do: docs/design.md), and throughput grows with the
 * number of associations. A link starts with one; `widen` adds more, up to a cap. Control always travels on
 * the first lane, and the link lives as long as that one; fragments take the least loaded lane.
 */
import type { ChannelName, CreateLink, Link, LinkOptions, Signal } from "./link.ts";

/** More would help on very bad paths and costs sockets, memory and handshakes on both sides. */
const maxLanes = 4;
/** Lanes that fail are tried again, but not for ever. */
const maxAttempts = 12;

/** @example const createLink = withLanes(createNodeDatachannelLink); */
export function withLanes(createLink: CreateLink): CreateLink {
  return (options) => createLanes(createLink, options);
}

function createLanes(createLink: CreateLink, options: LinkOptions): Link {
  const { events } = options;
  const extra = new Map<number, Link>();
  /** Lanes that can carry fragments now. */
  let usable: readonly Link[] = [];
  let attempts = 0;
  let turn = 0;
  const first: Link = createLink({
    ...options,
    events: {
      ...events,
      onOpen() {
        noteUsable();
        events.onOpen();
      },
      onClose(reason) {
        for (const lane of extra.values()) lane.close(reason);
        extra.clear();
        events.onClose(reason);
      },
    },
  });

  function open(number: number, initiator: boolean): Link {
    const lane = createLink({
      ...options,
      initiator,
      events: {
        onSignal: (made) => events.onSignal({ ...made, lane: number }),
        onOpen() {
          noteUsable();
          events.onDrain();
        },
        onBytes: (channel, bytes) => first.state === "open" && events.onBytes(channel, bytes),
        onText: () => undefined,
        onDrain: () => events.onDrain(),
        onClose() {
          if (extra.get(number) === lane) extra.delete(number);
          noteUsable();
        },
      },
    });
    extra.set(number, lane);
    return lane;
  }

  function noteUsable(): void {
    usable = [first, ...extra.values()].filter((lane) => lane.state === "open");
  }

  function widen(): void {
    if (!options.initiator || first.state !== "open") return;
    if (extra.size >= maxLanes - 1 || attempts >= maxAttempts) return;
    attempts += 1;
    open(attempts, true);
  }

  function signal(message: Signal): void {
    const number = message.lane ?? 0;
    if (number === 0) return first.signal(message);
    extra.get(number)?.signal(message);
    const isNew = message.type === "offer" && !extra.has(number) && !options.initiator;
    if (isNew && extra.size < maxLanes - 1 && first.state === "open") open(number, false).signal(message);
  }

  /** The least loaded open lane; equal ones take turns. */
  function best(): Link {
    turn += 1;
    let found = first;
    for (let i = 0; i < usable.length; i++) {
      const lane = usable[(turn + i) % usable.length] ?? first;
      if (found.state !== "open" || lane.bufferedBytes < found.bufferedBytes || i === 0) found = lane;
    }
    return found;
  }

  return {
    get state() {
      return first.state;
    },
    get bufferedBytes() {
      return best().bufferedBytes;
    },
    get lanes() {
      return Math.max(1, usable.length);
    },
    signal,
    widen,
    send: (channel: ChannelName, bytes) => (channel === "fragments" ? best() : first).send(channel, bytes),
    sendText: first.sendText,
    stats: first.stats,
    close: (reason) => first.close(reason),
  };
}
