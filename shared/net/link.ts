/**
 * One peer-to-peer connection: an unreliable, unordered channel for fragments and a reliable, ordered one
 * for control. Every WebRTC stack (and the in-memory one) implements this, held by one suite
 * (test/link/suite.ts). A link never throws on what the network or the remote does: it drops, or closes
 * with a reason.
 */
import type { Clock } from "../core/clock.ts";
import type { CandidateType } from "./candidate-type.ts";

/** What one side's WebRTC stack says to the other's, relayed by the signaling server. */
export type Signal = (
  | { readonly type: "offer" | "answer"; readonly sdp: string }
  | {
      readonly type: "candidate";
      readonly candidate: {
        readonly candidate: string;
        readonly sdpMid?: string | null | undefined;
        readonly sdpMLineIndex?: number | null | undefined;
      };
    }
) & {
  /** Which of a link's connections it is about (lanes.ts); absent: the first. */
  readonly lane?: number | undefined;
};

export type ChannelName = "fragments" | "control";

export interface LinkEvents {
  /** A signal for the other side. May come before `createLink` has returned. */
  onSignal(signal: Signal): void;
  /** Both channels are open. Once at most. */
  onOpen(): void;
  /** A binary message. The bytes are the receiver's until it returns. */
  onBytes(channel: ChannelName, bytes: Uint8Array): void;
  /** A text message; only the control channel carries text. */
  onText(text: string): void;
  /** The fragment channel's buffer fell below `lowWaterBytes`: send more. */
  onDrain(): void;
  /** The link is gone (remote closed, connection failed, connect time-out, or `close()`). Once exactly, last. */
  onClose(reason: string): void;
}

export interface LinkStats {
  readonly rttMs?: number;
  /** Of the path in use: the less direct of its two ends. Addresses never leave the link. */
  readonly candidateType?: CandidateType;
}

export interface LinkOptions {
  /** The initiator makes the offer. */
  readonly initiator: boolean;
  /** STUN/TURN servers, e.g. `["stun:stun.example.org:3478"]`; empty = host candidates only. */
  readonly iceServers: readonly string[];
  /** Not open by then: closed with reason "connect time-out". */
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly events: LinkEvents;
}

export interface Link {
  readonly state: "connecting" | "open" | "closed";
  /** Bytes handed to the fragment channel that have not left it, as far as the stack tells. */
  readonly bufferedBytes: number;
  /** Takes a signal from the other side, in any order: early candidates are kept until the description is there. */
  signal(signal: Signal): void;
  /**
   * Hands bytes to a channel; they are copied before it returns. False when the link is not open, the
   * message is larger than `maxMessageBytes`, or (fragments) the buffer holds `highWaterBytes` already:
   * nothing was sent.
   */
  send(channel: ChannelName, bytes: Uint8Array): boolean;
  /** Sends text on the control channel. False when the link is not open or the text is too long. */
  sendText(text: string): boolean;
  stats(): LinkStats;
  /** Connections that carry fragments (lanes.ts); absent where there is never more than one. */
  readonly lanes?: number;
  /** The path loses packets: carry fragments over one more connection, if that can be had. */
  widen?(): void;
  /** Idempotent. `onClose` follows (asynchronously). */
  close(reason?: string): void;
}

export type CreateLink = (options: LinkOptions) => Link;

/** Largest message on either channel. A fragment is ≤ 1,150 bytes; control texts are far below this. */
export const maxMessageBytes = 16_384;
/** Fragments are refused above this; small, because what is queued can't be cancelled and ages (docs/design.md). */
export const highWaterBytes = 16_384;
export const lowWaterBytes = 4_096;
