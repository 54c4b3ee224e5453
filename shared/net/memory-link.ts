/**
 * Links without a network: the same contract as the WebRTC ones, seeded faults on the fragment channel, any
 * clock. Both ends signal like the real ones, so code above cannot tell the difference.
 * @example
 * const network = createMemoryNetwork({ clock, rng: createRng(1), loss: 0.1, delayMs: 20 });
 * const link = network.createLink({ initiator: true, …});
 */
import type { Clock } from "../core/clock.ts";
import type { Rng } from "../core/rng.ts";
import type { Faults } from "./impairment.ts";
import { createImpairment, noFaults } from "./impairment.ts";
import type { LinkLifecycle } from "./link-lifecycle.ts";
import { createLinkLifecycle } from "./link-lifecycle.ts";
import { createLinkSender } from "./link-sender.ts";
import type { RawChannel } from "./link-sender.ts";
import type { CreateLink, Link, LinkOptions, Signal } from "./link.ts";
import { createMemoryQueue } from "./memory-queue.ts";

export interface MemoryNetwork {
  readonly createLink: CreateLink;
  set(faults: Partial<Faults>): void;
}

/** One end, as the other sees it. */
interface End {
  readonly lifecycle: LinkLifecycle;
  other: End | undefined;
}

export function createMemoryNetwork(
  options: Partial<Faults> & { readonly clock: Clock; readonly rng: Rng },
): MemoryNetwork {
  const { clock, rng, ...given } = options;
  let faults: Faults = { ...noFaults, ...given };
  const ends = new Map<string, End>();
  let created = 0;

  function createLink(linkOptions: LinkOptions): Link {
    const name = `memory ${++created}`;
    const lifecycle = createLinkLifecycle(linkOptions, () => {
      ends.delete(name);
      clock.after(faults.delayMs, () => end.other?.lifecycle.closed("remote closed"));
    });
    const end: End = { lifecycle, other: undefined };
    ends.set(name, end);
    const sender = createLinkSender(() => lifecycle.state, {
      fragments: fragmentChannel(end),
      control: controlChannel(end),
    });
    if (linkOptions.initiator) clock.after(0, () => lifecycle.signal({ type: "offer", sdp: name }));

    return {
      get state() {
        return lifecycle.state;
      },
      get bufferedBytes() {
        return sender.bufferedBytes();
      },
      signal: (signal) => meet(end, name, signal),
      send: sender.send,
      sendText: sender.sendText,
      stats: () => (lifecycle.state === "open" ? { rttMs: 2 * faults.delayMs, candidateType: "host" } : {}),
      close: (reason = "closed") => lifecycle.closed(reason),
    };
  }

  function meet(end: End, name: string, signal: Signal): void {
    if (signal.type === "candidate" || end.lifecycle.state !== "connecting") return;
    const other = ends.get(signal.sdp);
    if (!other || other === end) return;
    end.other = other;
    if (signal.type === "offer") end.lifecycle.signal({ type: "answer", sdp: name });
    if (other.other !== end) return;
    for (const each of [end, other]) clock.after(faults.delayMs, () => each.lifecycle.opened());
  }

  function fragmentChannel(end: End): RawChannel {
    // A real stack's buffer waits for the bottleneck; only what has left it can meet the other faults.
    const fate = createImpairment(() => ({ ...faults, rateBytesPerSecond: Number.POSITIVE_INFINITY }), rng);
    const deliver = (bytes: Uint8Array) => {
      for (const delayMs of fate(clock.now(), bytes.length)) {
        clock.after(delayMs, () => end.other?.lifecycle.received("fragments", bytes.slice()));
      }
    };
    const queue = createMemoryQueue({
      clock,
      bytesPerSecond: () => faults.rateBytesPerSecond,
      deliver,
      drained: () => end.lifecycle.drained(),
    });
    return {
      bufferedBytes: queue.bufferedBytes,
      sendBytes: (bytes) => queue.push(bytes.slice()),
      sendText: () => undefined,
    };
  }

  /** Reliable and ordered: whichever timer fires first delivers the oldest message. */
  function controlChannel(end: End): RawChannel {
    const inFlight: (string | Uint8Array)[] = [];
    const push = (data: string | Uint8Array) => {
      inFlight.push(data);
      clock.after(faults.delayMs + rng.float() * faults.jitterMs, () => {
        const oldest = inFlight.shift();
        if (oldest !== undefined) end.other?.lifecycle.received("control", oldest);
      });
    };
    return { bufferedBytes: () => 0, sendBytes: (bytes) => push(bytes.slice()), sendText: push };
  }

  return {
    createLink,
    set: (changes) => {
      faults = { ...faults, ...changes };
    },
  };
}
