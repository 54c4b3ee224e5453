/** Whether this machine can talk to peers: WebRTC with itself, and what STUN and TURN servers see of it. */
import { PeerConnection } from "node-datachannel";
import type { Link, LinkEvents, Signal } from "../../shared/net/link.ts";
import { within } from "../../shared/training/time-limit.ts";
import { cleanup, createNodeDatachannelLink } from "../node-datachannel-link.ts";
import { realClock } from "../real-clock.ts";

export interface LoopbackCheck {
  /** From the first signal to both channels open; null when it did not work, for the reason in `note`. */
  readonly connectMs: number | null;
  readonly note: string | null;
}

export interface IceCheck {
  /** Without the password. */
  readonly server: string;
  /** Kinds of candidates that were gathered; their addresses are nobody's business. */
  readonly kinds: readonly string[];
  /** It answered: this machine can be reached over UDP through it, or is relayed by it. */
  readonly answered: boolean;
}

export interface NetworkCheck {
  readonly loopback: LoopbackCheck;
  readonly iceServers: readonly IceCheck[];
}

const loopbackMs = 10_000;
const gatherMs = 6_000;
/** Fragments are lost, also on the way to oneself: so another one goes. */
const againMs = 100;

export async function checkNetwork(iceServers: readonly string[]): Promise<NetworkCheck> {
  try {
    const loopback = await checkLoopback();
    return { loopback, iceServers: await Promise.all(iceServers.map(checkIceServer)) };
  } finally {
    cleanup();
  }
}

async function checkLoopback(): Promise<LoopbackCheck> {
  const startedMs = realClock.now();
  const links: Link[] = [];
  let sending: NodeJS.Timeout | undefined;
  try {
    const talking = new Promise<void>((resolve, reject) => connectPair(links, resolve, reject));
    sending = setInterval(sendOne, againMs, links);
    await within(realClock, loopbackMs, `no packet came through in ${loopbackMs / 1_000} s`, talking);
    return { connectMs: realClock.now() - startedMs, note: null };
  } catch (error) {
    return { connectMs: null, note: error instanceof Error ? error.message : String(error) };
  } finally {
    clearInterval(sending);
    for (const link of links) link.close();
  }
}

/** Two links of this process; one sends fragments over the unreliable channel. */
function connectPair(links: Link[], done: () => void, failed: (error: Error) => void): void {
  const early: Signal[] = [];
  const events = (other: number): LinkEvents => ({
    onSignal(signal) {
      const link = links[other];
      if (link) link.signal(signal);
      else early.push(signal);
    },
    onOpen: () => sendOne(links),
    onBytes: done,
    onText: () => {},
    onDrain: () => {},
    onClose: (reason) => failed(new Error(reason)),
  });
  const options = { iceServers: [], connectTimeoutMs: loopbackMs, clock: realClock };
  links[1] = createNodeDatachannelLink({ ...options, initiator: false, events: events(0) });
  links[0] = createNodeDatachannelLink({ ...options, initiator: true, events: events(1) });
  for (const signal of early) links[0].signal(signal);
}

function sendOne(links: readonly Link[]): void {
  links[1]?.send("fragments", new Uint8Array([1]));
}

async function checkIceServer(server: string): Promise<IceCheck> {
  const kinds = new Set<string>();
  let connection: PeerConnection | undefined;
  try {
    connection = new PeerConnection("doctor", { iceServers: [server] });
    const gathering = gathered(connection, kinds);
    connection.createDataChannel("doctor");
    await within(realClock, gatherMs, "time is up", gathering);
  } catch {
    // What came until then is the answer.
  } finally {
    connection?.close();
  }
  const wanted = /^turns?:/.test(server) ? "relay" : "srflx";
  return { server: withoutPassword(server), kinds: [...kinds], answered: kinds.has(wanted) };
}

/** Resolves when there are no more to come. */
function gathered(connection: PeerConnection, kinds: Set<string>): Promise<void> {
  return new Promise((resolve) => {
    connection.onLocalCandidate((candidate) => {
      const kind = / typ (\w+)/.exec(candidate)?.[1];
      if (kind) kinds.add(kind);
    });
    connection.onGatheringStateChange((state) => {
      if (state === "complete") resolve();
    });
  });
}

function withoutPassword(server: string): string {
  return server.replace(/^(\w+:)[^@]*@/, "$1…@");
}
