/**
 * What the two halves of a tab's links say to each other. The worker has the links, the page the connections
 * below them: RTCPeerConnection exists nowhere else. `link` is a number that the worker gave.
 */
import type { ChannelName, LinkStats, Signal } from "../../shared/net/link.ts";

/** From the worker to the page. */
export type LinkDemand =
  | {
      readonly type: "open";
      readonly link: number;
      readonly initiator: boolean;
      readonly iceServers: readonly string[];
    }
  | { readonly type: "signal"; readonly link: number; readonly signal: Signal }
  /** Answered by "stats", always. */
  | { readonly type: "stats"; readonly link: number }
  | { readonly type: "close"; readonly link: number };

/** From the page to the worker. Before anything else about a link come its channels, or the way to them. */
export type LinkNews =
  | {
      readonly type: "channels";
      readonly link: number;
      readonly fragments: RTCDataChannel;
      readonly control: RTCDataChannel;
    }
  /** This browser cannot transfer channels: their packets come and go through `port`. */
  | { readonly type: "forwarding"; readonly link: number; readonly port: MessagePort }
  | { readonly type: "signal"; readonly link: number; readonly signal: Signal }
  | { readonly type: "stats"; readonly link: number; readonly stats: LinkStats }
  /** The page's half is gone. */
  | { readonly type: "closed"; readonly link: number; readonly reason: string };

export interface Packet {
  readonly channel: ChannelName;
  readonly data: string | ArrayBuffer;
}

/** What waits in the page's channels, in bytes. */
export type Buffered = Readonly<Record<ChannelName, number>>;

/** On a forwarding port, both ways. Each side sends a batch when the other has taken the last one. */
export type Batch = { readonly type: "packets"; readonly packets: readonly Packet[] };

/** From the worker to the page, on a forwarding port. */
export type ForwardDemand =
  | Batch
  | { readonly type: "taken" }
  /** How much is buffered now? Answered by "buffered". */
  | { readonly type: "look" }
  | { readonly type: "close" };

/** From the page to the worker, on a forwarding port. */
export type ForwardNews =
  | Batch
  | { readonly type: "taken"; readonly buffered: Buffered }
  | { readonly type: "buffered"; readonly buffered: Buffered }
  | { readonly type: "state"; readonly channel: ChannelName; readonly state: "open" | "closed" };
