/**
 * Real loss without root: a UDP proxy around any kind of link. It gives the link a local relay's address in
 * place of each of the remote's, so every packet of the path (handshake included) meets the faults, once in
 * each direction. Wrap BOTH ends: an end that is not wrapped offers a direct path. `shoal demo --loss 0.1`
 * and the rootless lab are made of this.
 */
import { createRng, mix } from "../shared/core/rng.ts";
import { createImpairment, noFaults } from "../shared/net/impairment.ts";
import type { Faults } from "../shared/net/impairment.ts";
import type { CreateLink, Link, LinkOptions, Signal } from "../shared/net/link.ts";
import { rewriteSignal } from "./candidate-rewriting.ts";
import { openUdpRelay } from "./udp-relay.ts";
import type { Address, Passage, UdpRelay } from "./udp-relay.ts";

export interface LossyProxy {
  readonly createLink: CreateLink;
  /** Takes effect with the next packet, on every link. */
  set(faults: Partial<Faults>): void;
  /** Packets of all links so far; a duplicate counts as forwarded. */
  counters(): { readonly forwarded: number; readonly dropped: number };
}

/** A remote has a few candidates per interface; more would be someone else's sockets on our machine. */
const maxRelaysPerLink = 16;

/**
 * @example
 * const proxy = withLossyProxy(createNodeDatachannelLink, { loss: 0.1, delayMs: 20, seed: 1 });
 * const link = proxy.createLink({ initiator: true, … });
 * proxy.set({ blackout: true });
 */
export function withLossyProxy(
  createLink: CreateLink,
  options: Partial<Faults> & { readonly seed: number },
): LossyProxy {
  const { seed, ...given } = options;
  const counted = { forwarded: 0, dropped: 0 };
  let faults: Faults = { ...noFaults, ...given };
  let links = 0;

  function createProxiedLink(linkOptions: LinkOptions): Link {
    const relays = createRelays(passages(linkOptions, links++));
    const { events } = linkOptions;
    const onClose = (reason: string) => {
      relays.close();
      events.onClose(reason);
    };
    const link = createLink({ ...linkOptions, events: { ...events, onClose } });
    let earlier: Promise<void> = Promise.resolve();
    /** Opening a relay takes a moment; signals keep their order all the same. */
    const passOn = async (signal: Signal, before: Promise<void>) => {
      await before;
      const rewritten = await rewriteSignal(signal, relays.replace);
      if (rewritten) link.signal(rewritten);
    };

    return {
      get state() {
        return link.state;
      },
      get bufferedBytes() {
        return link.bufferedBytes;
      },
      signal: (signal) => {
        earlier = passOn(signal, earlier);
      },
      send: (channel, bytes) => link.send(channel, bytes),
      sendText: (text) => link.sendText(text),
      stats: () => link.stats(),
      close: (reason) => link.close(reason),
    };
  }

  function passages({ clock }: LinkOptions, link: number): { outward: Passage; inward: Passage } {
    const passage = (direction: number): Passage => {
      const fate = createImpairment(() => faults, createRng(mix(seed, link, direction)));
      return (packet, forward) => {
        const delaysMs = fate(clock.now(), packet.length);
        if (delaysMs.length === 0) counted.dropped++;
        for (const delayMs of delaysMs) {
          counted.forwarded++;
          if (delayMs <= 0) forward();
          else clock.after(delayMs, forward);
        }
      };
    };
    return { outward: passage(0), inward: passage(1) };
  }

  return {
    createLink: createProxiedLink,
    set: (changes) => {
      faults = { ...faults, ...changes };
    },
    counters: () => ({ ...counted }),
  };
}

/** The relays of one link: one per address of the remote. */
function createRelays(passage: { outward: Passage; inward: Passage }) {
  const relays = new Map<string, UdpRelay>();
  let closed = false;

  async function replace(remote: Address): Promise<Address | undefined> {
    const key = `${remote.address}:${remote.port}`;
    const known = relays.get(key);
    if (known) return { address: "127.0.0.1", port: known.port };
    if (closed || relays.size >= maxRelaysPerLink) return undefined;
    try {
      const relay = await openUdpRelay(remote, passage);
      relays.set(key, relay);
      if (closed) close();
      return { address: "127.0.0.1", port: relay.port };
    } catch {
      return undefined; // Out of sockets: a candidate less, not a crash.
    }
  }

  function close(): void {
    closed = true;
    for (const relay of relays.values()) relay.close();
    relays.clear();
  }

  return { replace, close };
}
