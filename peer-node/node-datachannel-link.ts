/**
 * `Link` over node-datachannel's native API: the fast stack in Node. Both sides create both channels with
 * agreed ids ("negotiated"), so there is no channel event to miss and either side may be any other stack.
 */
import { PeerConnection, cleanup as cleanupNative, setSctpSettings } from "node-datachannel";
import type { DataChannel, SctpSettings } from "node-datachannel";
import { leastDirect } from "../shared/net/candidate-type.ts";
import { createCandidateHold } from "../shared/net/candidate-hold.ts";
import type { CandidateHold } from "../shared/net/candidate-hold.ts";
import { createFailedLink, createLinkLifecycle } from "../shared/net/link-lifecycle.ts";
import type { LinkLifecycle } from "../shared/net/link-lifecycle.ts";
import { createLinkSender } from "../shared/net/link-sender.ts";
import type { RawChannel } from "../shared/net/link-sender.ts";
import { lowWaterBytes, maxMessageBytes } from "../shared/net/link.ts";
import type { ChannelName, Link, LinkOptions, LinkStats, Signal } from "../shared/net/link.ts";

/**
 * Of all knobs only the send buffer matters. On a lossy path congestion control decides how much gets through
 * (the same for 8 to 64 KB), and the buffer how old it is by then: at 10 % loss and 40 ms round trip, 1,183 ms
 * with 64 KB + 64 KB above it, 405 ms with 32 KB + 16 KB. 16 KB would cap a clean 40 ms path at 370 kB/s.
 * Delayed acks, initial window, congestion module and chunk limit made no difference or a worse one.
 */
const sctpSettings: SctpSettings = { sendBufferSize: 32_768, recvBufferSize: 262_144 };

let configured = false;

export function createNodeDatachannelLink(options: LinkOptions): Link {
  if (!configured) setSctpSettings(sctpSettings); // counts for connections made afterwards only
  configured = true;
  try {
    return linkOver(createConnection(options), options);
  } catch (error) {
    return createFailedLink(options, `no connection: ${String(error)}`);
  }
}

function createConnection({ initiator, iceServers }: LinkOptions): PeerConnection {
  return new PeerConnection(initiator ? "offer" : "answer", {
    iceServers: [...iceServers],
    maxMessageSize: maxMessageBytes,
    // Else the answerer, too, makes an offer as soon as it creates its channels.
    disableAutoNegotiation: true,
  });
}

function linkOver(connection: PeerConnection, options: LinkOptions): Link {
  const lifecycle = createLinkLifecycle(options, () => {
    // The library keeps the address of each channel until that has said it is closed, and one that never
    // opened says so only when it is closed itself. Collected before, it makes `cleanup` crash the process.
    for (const channel of Object.values(channels)) channel.close();
    connection.close();
  });
  const channels = {
    fragments: connection.createDataChannel("fragments", {
      negotiated: true,
      id: 0,
      unordered: true,
      maxRetransmits: 0,
    }),
    control: connection.createDataChannel("control", { negotiated: true, id: 1 }),
  };
  const openIfReady = () => {
    if (channels.fragments.isOpen() && channels.control.isOpen()) lifecycle.opened();
  };
  const local = createCandidateHold((candidate) => lifecycle.signal({ type: "candidate", candidate }));
  // libdatachannel starts ICE with an answer before it has stored that answer's fingerprint. A remote that
  // knows our address by then can be fast enough to fail the check: 1 in 300 connections on a busy machine.
  if (!options.initiator) local.release();
  listenToConnection(connection, lifecycle, local);
  listenToChannel("fragments", channels.fragments, lifecycle, openIfReady);
  listenToChannel("control", channels.control, lifecycle, openIfReady);
  channels.fragments.setBufferedAmountLowThreshold(lowWaterBytes);
  channels.fragments.onBufferedAmountLow(() => lifecycle.drained());

  const sender = createLinkSender(() => lifecycle.state, {
    fragments: rawChannel(channels.fragments),
    control: rawChannel(channels.control),
  });
  if (options.initiator) connection.setLocalDescription("offer");

  return {
    get state() {
      return lifecycle.state;
    },
    get bufferedBytes() {
      return sender.bufferedBytes();
    },
    signal: createSignalTaker(connection, lifecycle, () => local.release()),
    send: sender.send,
    sendText: sender.sendText,
    stats: () => (lifecycle.state === "open" ? readStats(connection) : {}),
    close: (reason = "closed") => lifecycle.closed(reason),
  };
}

/** Ends the library's threads, so that the process exits. Call it when every link is closed. */
export function cleanup(): void {
  cleanupNative();
  configured = false;
}

function listenToConnection(
  connection: PeerConnection,
  lifecycle: LinkLifecycle,
  local: CandidateHold,
): void {
  connection.onLocalDescription((sdp, type) => {
    if (type === "offer" || type === "answer") lifecycle.signal({ type, sdp });
  });
  connection.onLocalCandidate((line, sdpMid) => {
    local.take({ candidate: line.replace(/^a=/, ""), sdpMid, sdpMLineIndex: 0 });
  });
  connection.onStateChange((state) => {
    if (state === "failed") lifecycle.closed("connection failed");
    if (state === "closed") lifecycle.closed("remote closed");
  });
}

function listenToChannel(
  name: ChannelName,
  channel: DataChannel,
  lifecycle: LinkLifecycle,
  onOpen: () => void,
): void {
  channel.onOpen(onOpen);
  channel.onClosed(() => lifecycle.closed("remote closed"));
  channel.onError((error) => lifecycle.closed(`channel failed: ${error}`));
  channel.onMessage((data) => {
    lifecycle.received(name, typeof data === "string" ? data : plainBytes(data));
  });
}

function plainBytes(data: Uint8Array | ArrayBuffer): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function rawChannel(channel: DataChannel): RawChannel {
  return {
    bufferedBytes: () => channel.bufferedAmount(),
    sendBytes: (bytes) => void channel.sendMessageBinary(bytes),
    sendText: (text) => void channel.sendMessage(text),
  };
}

/** Gives the connection what the other side says; `onDescribed` when its description has been taken. */
function createSignalTaker(
  connection: PeerConnection,
  lifecycle: LinkLifecycle,
  onDescribed: () => void,
): (signal: Signal) => void {
  const remote = createCandidateHold(({ candidate, sdpMid }) => {
    try {
      connection.addRemoteCandidate(candidate, sdpMid ?? "0");
    } catch {
      // One candidate that we cannot use (TCP, .local without mDNS, nonsense) must not cost the link.
    }
  });
  const describe = ({ type, sdp }: Exclude<Signal, { type: "candidate" }>) => {
    try {
      connection.setRemoteDescription(type === "offer" ? beingServer(sdp) : sdp, type);
      if (type === "offer") connection.setLocalDescription("answer");
      onDescribed();
      remote.release();
    } catch {
      lifecycle.closed("remote sent an unusable description");
    }
  };
  return (signal) => {
    if (lifecycle.state === "closed") return;
    if (signal.type === "candidate") remote.take(signal.candidate);
    else describe(signal);
  };
}

/**
 * Makes the offerer the DTLS client. The answerer's ICE is up first, and a client that says hello to an
 * offerer still connecting waits a second to say it again: a quarter of all connections took 1,005 ms, not 5.
 */
function beingServer(offer: string): string {
  return offer.replace("a=setup:actpass", "a=setup:active");
}

function readStats(connection: PeerConnection): LinkStats {
  const rttMs = connection.rtt();
  const pair = connection.getSelectedCandidatePair();
  const candidateType = leastDirect([pair?.local.type, pair?.remote.type]);
  return { ...(rttMs >= 0 ? { rttMs } : {}), ...(candidateType ? { candidateType } : {}) };
}
