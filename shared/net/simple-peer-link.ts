/**
 * Connections over simple-peer: in a tab with the browser's own WebRTC, in Node with a `wrtc` object handed in.
 * simple-peer knows one channel and would take a second one it is offered for its own, so both sides create
 * the second with an agreed id, right after the first. Of simple-peer's stream nothing is used.
 */
import SimplePeer from "simple-peer";
import { createCandidateHold } from "./candidate-hold.ts";
import { createChannelLinks } from "./channel-link.ts";
import type { Connect, ConnectionEvents } from "./channel-link.ts";
import { parseIceServer } from "./ice-server.ts";
import type { CreateLink, Signal } from "./link.ts";
import { summariseStats } from "./simple-peer-stats.ts";

export type Wrtc = NonNullable<SimplePeer.Options["wrtc"]>;

/** simple-peer hides what it wraps; a second channel needs it. Absent when it could not start. */
type Peer = SimplePeer.Instance & {
  readonly _pc?: RTCPeerConnection | null;
  readonly _channel?: RTCDataChannel | null;
};

/**
 * Links whose connections and channels live on one thread.
 * @param wrtc WebRTC for Node; left out, the browser's.
 */
export function createSimplePeerLinks(wrtc?: Wrtc): CreateLink {
  return createChannelLinks(createSimplePeerConnect(wrtc));
}

/** Channels are handed out in the turn in which they are made: later, a browser would not transfer them. */
export function createSimplePeerConnect(wrtc?: Wrtc): Connect {
  return (options, events) => {
    const peer = createPeer(options, wrtc);
    listenToPeer(peer, events);
    const { _pc: connection, _channel: fragments } = peer;
    if (!connection || !fragments) throw new Error("WebRTC refused to start");
    // Nobody reads the stream, which would keep every message; and what has arrived comes before a close.
    Object.assign(fragments, { onmessage: null, onclose: null });
    const control = connection.createDataChannel("control", { negotiated: true, id: 1 });
    events.onChannels(fragments, control);
    return {
      signal: createSignalTaker(peer, connection, events),
      stats: async () => summariseStats(await connection.getStats()),
      destroy: () => void peer.destroy(),
    };
  };
}

function createPeer({ initiator, iceServers }: Parameters<Connect>[0], wrtc?: Wrtc): Peer {
  const peer: Peer = new SimplePeer({
    initiator,
    trickle: true,
    channelName: "fragments",
    channelConfig: { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 },
    // Given even when empty: simple-peer's default is other people's public servers.
    config: { iceServers: iceServers.map(parseIceServer) },
    ...(wrtc ? { wrtc } : {}),
  });
  // This timer serves non-trickled offers only, is never cleared, and would hold the process for 5 s.
  Object.assign(peer, { _iceCompleteTimer: true });
  return peer;
}

/** simple-peer's own "connect" waits for statistics and knows nothing of the second channel: not listened to. */
function listenToPeer(peer: Peer, events: ConnectionEvents): void {
  peer.on("signal", (data) => {
    const signal = plainSignal(data);
    if (signal) events.onSignal(signal);
  });
  peer.on("error", (error) => events.onClosed(`connection failed: ${error.message}`));
  peer.on("close", () => events.onClosed("remote closed"));
}

/**
 * Descriptions go through simple-peer, candidates past it: one that cannot be used would make it print to the
 * console, or end the link.
 */
function createSignalTaker(
  peer: Peer,
  connection: RTCPeerConnection,
  events: ConnectionEvents,
): (signal: Signal) => void {
  const hold = createCandidateHold((candidate) => {
    const { candidate: line, sdpMid = null, sdpMLineIndex = null } = candidate;
    void connection.addIceCandidate({ candidate: line, sdpMid, sdpMLineIndex }).catch(() => {});
  });
  connection.addEventListener("signalingstatechange", () => {
    if (connection.remoteDescription) hold.release();
  });
  return (signal) => {
    try {
      if (signal.type === "candidate") hold.take(signal.candidate);
      else peer.signal(signal);
    } catch {
      if (signal.type !== "candidate") events.onClosed("remote sent an unusable description");
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
