/**
 * What the join page and its peer worker say to each other. The worker has the peer (sockets, rounds, clocks:
 * a hidden tab keeps its pace), the page has what only a page may have (RTCPeerConnection, buttons).
 */
import type { PeerPhase } from "../shared/net/phase.ts";
import type { BackendName, BackendReport, Processor } from "../shared/training/backend-report.ts";

/** How much of the task's work this tab does per round: a quarter, a half, all of it. */
export type Power = "light" | "medium" | "full";

export type TabCommand =
  | {
      readonly type: "start";
      /** Origin of the signaling server. */
      readonly server: string;
      readonly room: string;
      readonly name: string;
      readonly power: Power;
      readonly processor: Processor;
      /** The page's end serves links (links/page-links.ts). */
      readonly links: MessagePort;
    }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  | { readonly type: "power"; readonly power: Power }
  /** Finish the round, say goodbye, end. */
  | { readonly type: "stop" }
  /** The page goes away now. */
  | { readonly type: "goodbye" }
  | { readonly type: "network"; readonly isOnline: boolean };

export type TabPhase = PeerPhase;

export interface TabPeer {
  readonly peerId: string;
  readonly name: string;
  readonly kind: "node" | "browser";
  readonly state: "connecting" | "open" | "closed";
  readonly rttMs: number | null;
  /** Share of the fragments owed to us by this peer that did not count, 0..1. */
  readonly dropRate: number | null;
}

/** Sent at most four times a second. */
export interface TabStatus {
  readonly phase: TabPhase;
  readonly round: number;
  /** Of the task; 0 until the server has let this tab in. */
  readonly rounds: number;
  /** Members of the view, ourselves included if we are one. */
  readonly members: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** Training losses of our last rounds, oldest first. */
  readonly losses: readonly number[];
  readonly samples: number;
  readonly samplesPerSecond: number;
  readonly roundMsP50: number | null;
  /** Bytes per second. */
  readonly upRate: number;
  readonly downRate: number;
  readonly peers: readonly TabPeer[];
  readonly backend: BackendReport | null;
}

export type TabNews =
  | { readonly type: "status"; readonly status: TabStatus }
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "backend-lost"; readonly was: BackendName; readonly why: string }
  | {
      readonly type: "ended";
      /** `over`: the run ended while this tab was not in it yet. */
      readonly outcome: "finished" | "over" | "stopped" | "refused" | "failed";
      /** One sentence for a person. */
      readonly reason: string;
      readonly accuracy: number | null;
      /** Another try may end better though nobody changes anything: the room has a seat again, a path is there. */
      readonly mayPass: boolean;
    };
