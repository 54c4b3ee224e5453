/** What the tests' side of a link and the worker in Chromium that has it say to each other, through a relay. */
import type { ChannelName, Link, LinkOptions, LinkStats, Signal } from "../../shared/net/link.ts";

/** To the worker. Those that a link answers at once are asked, with the others nobody waits. */
export type LinkCall = { readonly link: number } & (
  | ({ readonly type: "create" } & Pick<LinkOptions, "initiator" | "iceServers" | "connectTimeoutMs">)
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "close"; readonly reason: string | undefined }
  | { readonly type: "state" | "bufferedBytes" | "stats" }
  | { readonly type: "send"; readonly channel: ChannelName; readonly bytes: Uint8Array }
  | { readonly type: "sendText"; readonly text: string }
);

/** What is there depends on the call. */
export interface LinkAnswer {
  readonly state?: Link["state"];
  readonly bufferedBytes?: number;
  readonly stats?: LinkStats;
  readonly sent?: boolean;
}

/** From the worker. */
export type LinkNews = { readonly link: number } & (
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "open" }
  | { readonly type: "drain" }
  | { readonly type: "bytes"; readonly channel: ChannelName; readonly bytes: Uint8Array }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "close"; readonly reason: string }
);

/** For the relay (relay-child.ts); `tab` is the index of one of its pages. */
export interface RelayData {
  /** By their paths. */
  readonly files: Readonly<Record<string, { readonly type: string; readonly text: string }>>;
  /** Answers: [0] is 1 when there is one, [1] its length in bytes, then JSON. */
  readonly answer: SharedArrayBuffer;
}
export type RelayCall = { readonly tab: number; readonly call: LinkCall; readonly isAsking: boolean };
export type RelayNews =
  | { readonly type: "listening"; readonly url: string }
  /** A tab's worker is there. */
  | { readonly type: "ready"; readonly tab: number }
  | { readonly type: "news"; readonly tab: number; readonly news: LinkNews };
