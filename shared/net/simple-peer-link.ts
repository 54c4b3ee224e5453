/**
 * `Link` over simple-peer: in a tab with the browser's own WebRTC, in Node with a `wrtc` object handed in.
 * simple-peer knows one channel and would take a second one it is offered for its own, so both sides create
 * the second with an agreed id, right after the first.
 */
import SimplePeer from "simple-peer";
import type { Clock } from "../core/clock.ts";
import { createCandidateHold } from "./candidate-hold.ts";
import { createFailedLink, createLinkLifecycle } from "./link-lifecycle.ts";
import type { LinkLifecycle } from "./link-lifecycle.ts";
import { createLinkSender } from "./link-sender.ts";
import type { RawChannel } from "./link-sender.ts";
import { lowWaterBytes } from "./link.ts";
import type { CreateLink, Link, LinkOptions, Signal } from "./link.ts";
import { createStatsReader } from "./simple-peer-stats.ts";

const drainPollMs = 10;

export type Wrtc = NonNullable<SimplePeer.Options["wrtc"]>;

/** simple-peer hides what it wraps; a second channel needs it. Gone (null) once destroyed. */
type Peer = SimplePeer.Instance & {
  readonly _pc: RTCPeerConnection | null;
  readonly _channel: RTCDataChannel | null;
};

/** @param wrtc WebRTC for Node; left out, the browser's. */
export function createSimplePeerLinks(wrtc?: Wrtc): CreateLink {
  return (options) => {
    try {
      return linkOver(createPeer(options, wrtc), options);
    } catch (error) {
      return createFailedLink(options, `no connection: ${String(error)}`);
    }
  };
}

function createPeer({ initiator, iceServers }: LinkOptions, wrtc?: Wrtc): Peer {
  const peer = new SimplePeer({
    initiator,
    trickle: true,
    // Else a stream that is paused glues messages together.
    objectMode: true,
    channelName: "fragments",
    channelConfig: { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 },
    // Given even when empty: simple-peer's default is other people's public servers.
    config: { iceServers: iceServers.map(iceServer) },
    ...(wrtc ? { wrtc } : {}),
  });
  // This timer serves non-trickled offers only, is never cleared, and would hold the process for 5 s.
  Object.assign(peer, { _iceCompleteTimer: true });
  if (!hasInternals(peer)) throw new Error("simple-peer is not the version we know");
  return peer;
}

function hasInternals(peer: SimplePeer.Instance): peer is Peer {
  return "_pc" in peer && "_channel" in peer;
}

function linkOver(peer: Peer, options: LinkOptions): Link {
  const { _pc: connection, _channel: fragments } = peer;
  if (!connection || !fragments) throw new Error("WebRTC refused to start");
  const control = connection.createDataChannel("control", { negotiated: true, id: 1 });
  const lifecycle = createLinkLifecycle(options, () => peer.destroy());
  listenToPeer(peer, lifecycle);
  listenToChannels(fragments, control, lifecycle);

  const sender = createLinkSender(() => lifecycle.state, {
    fragments: rawChannel(fragments),
    control: rawChannel(control),
  });
  const drain = createDrainWatch(fragments, options.clock, lifecycle);
  const readStats = createStatsReader(connection);

  return {
    get state() {
      return lifecycle.state;
    },
    get bufferedBytes() {
      return sender.bufferedBytes();
    },
    signal: createSignalTaker(peer, connection, lifecycle),
    send: (channel, bytes) => {
      const sent = sender.send(channel, bytes);
      if (!sent && channel === "fragments") drain.refused();
      return sent;
    },
    sendText: sender.sendText,
    stats: () => (lifecycle.state === "open" ? readStats() : {}),
    close: (reason = "closed") => lifecycle.closed(reason),
  };
}

function listenToPeer(peer: Peer, lifecycle: LinkLifecycle): void {
  peer.on("signal", (data) => {
    const signal = plainSignal(data);
    if (signal) lifecycle.signal(signal);
  });
  peer.on("data", (data: unknown) => {
    if (data instanceof Uint8Array) lifecycle.received("fragments", data);
  });
  peer.on("error", (error) => lifecycle.closed(`connection failed: ${error.message}`));
  peer.on("close", () => lifecycle.closed("remote closed"));
}

/** simple-peer's own "connect" waits for statistics and knows nothing of the second channel. */
function listenToChannels(
  fragments: RTCDataChannel,
  control: RTCDataChannel,
  lifecycle: LinkLifecycle,
): void {
  const openIfReady = () => {
    if (fragments.readyState === "open" && control.readyState === "open") lifecycle.opened();
  };
  fragments.addEventListener("open", openIfReady);
  control.addEventListener("open", openIfReady);
  control.binaryType = "arraybuffer";
  control.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (typeof data === "string") lifecycle.received("control", data);
    else if (data instanceof ArrayBuffer) lifecycle.received("control", new Uint8Array(data));
  });
  control.addEventListener("close", () => lifecycle.closed("remote closed"));
}

/** Says when there is room again: by the channel's own event, or (`wrtc` has none) by looking. */
function createDrainWatch(channel: RTCDataChannel, clock: Clock, lifecycle: LinkLifecycle) {
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

function rawChannel(channel: RTCDataChannel): RawChannel {
  return {
    bufferedBytes: () => channel.bufferedAmount,
    // `slice` because the DOM's type excludes shared memory; the channel copies in any case.
    sendBytes: (bytes) => channel.send(bytes.slice()),
    sendText: (text) => channel.send(text),
  };
}

/**
 * Descriptions go through simple-peer, candidates past it: one that cannot be used would make it print to the
 * console, or end the link.
 */
function createSignalTaker(
  peer: Peer,
  connection: RTCPeerConnection,
  lifecycle: LinkLifecycle,
): (signal: Signal) => void {
  const hold = createCandidateHold((candidate) => {
    const { candidate: line, sdpMid = null, sdpMLineIndex = null } = candidate;
    void connection.addIceCandidate({ candidate: line, sdpMid, sdpMLineIndex }).catch(() => {});
  });
  connection.addEventListener("signalingstatechange", () => {
    if (connection.remoteDescription) hold.release();
  });
  return (signal) => {
    if (lifecycle.state === "closed") return;
    try {
      if (signal.type === "candidate") hold.take(signal.candidate);
      else peer.signal(signal);
    } catch {
      if (signal.type !== "candidate") lifecycle.closed("remote sent an unusable description");
    }
  };
}

/** Only what `Signal` knows: renegotiation (media) is not ours. */
function plainSignal(data: SimplePeer.SignalData): Signal | undefined {
  if (data.type === "offer" || data.type === "answer") return { type: data.type, sdp: data.sdp ?? "" };
  if (data.type !== "candidate") return undefined;
  const { candidate, sdpMid, sdpMLineIndex } = data.candidate;
  return { type: "candidate", candidate: { candidate, sdpMid, sdpMLineIndex } };
}

/** "turn:user:password@host:port" → what RTCPeerConnection wants; the other stack takes the text as it is. */
function iceServer(text: string): RTCIceServer {
  const match = /^(turns?:)([^:@]+):([^@]+)@(.+)$/.exec(text);
  if (!match) return { urls: text };
  const [, scheme = "", username = "", credential = "", host = ""] = match;
  return { urls: scheme + host, username, credential };
}
