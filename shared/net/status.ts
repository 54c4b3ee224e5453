/**
 * The one snapshot of a server: the status page, `/api/status` and `/metrics` all show this and nothing
 * else. Addresses of peers are never in it.
 */
import type { Drops } from "../core/drops.ts";
import type { LinkReport } from "./messages.ts";

export interface PeerStatus {
  readonly peerId: string;
  readonly name: string;
  readonly kind: "node" | "browser";
  readonly backend: string;
  /** `lobby`: joined, not heard of yet. */
  readonly state: "lobby" | "connecting" | "listening" | "training" | "paused";
  readonly member: boolean;
  readonly round: number;
  /** Rounds behind the newest one of the room. */
  readonly lag: number;
  readonly samplesPerSecond: number;
  readonly samples: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly roundMsP50: number | null;
  readonly roundMsP95: number | null;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Bytes per second between its last two reports. */
  readonly upRate: number;
  readonly downRate: number;
  /** Median over its open links, milliseconds. */
  readonly rttMs: number | null;
  /** The least direct kind among its open links: relay before srflx before host. */
  readonly candidateType: "host" | "srflx" | "prflx" | "relay" | null;
  /** Share of the fragments owed to this peer that did not count, 0..1; null before the first. */
  readonly dropRate: number | null;
  readonly links: readonly LinkReport[];
}

/** One point of a curve; null where nothing was known. */
export interface HistoryPoint {
  /** Seconds since the room was made. */
  readonly t: number;
  readonly round: number;
  readonly loss: number | null;
  readonly validationLoss: number | null;
  readonly accuracy: number | null;
  /** Members of the view. */
  readonly peers: number;
  readonly roundMsP50: number | null;
  readonly roundMsP95: number | null;
}

export interface RoomEvent {
  readonly t: number;
  readonly kind: "joined" | "left" | "view" | "deadline" | "finished" | "notice";
  readonly text: string;
}

/** The newest whole model that a member handed in (GET /api/rooms/ROOM/model). */
export interface ModelStatus {
  readonly round: number;
  readonly bytes: number;
  /** Of the room when it was taken. */
  readonly accuracy: number;
}

export interface RoomStatus {
  readonly room: string;
  readonly task: {
    readonly name: string;
    readonly averaging: string;
    /** Where owners take something else than the mean. */
    readonly robust?: string;
    readonly encoding: string;
    readonly rounds: number;
    readonly model: string;
    readonly data: string;
    readonly minPeers: number;
  };
  readonly epoch: number;
  readonly round: number;
  readonly isFinished: boolean;
  readonly roundsPerMinute: number;
  /**
   * How far members' replicas of the same round are apart: rms distance from their mean relative to the
   * mean's length, estimated from sketches. 0 = equal; null = not known.
   */
  readonly disagreement: number | null;
  /** Null until the room's accuracy is worth trying. */
  readonly model: ModelStatus | null;
  readonly samplesPerSecond: number;
  readonly drops: Drops;
  readonly sent: number;
  readonly received: number;
  readonly peers: readonly PeerStatus[];
  readonly history: readonly HistoryPoint[];
  readonly events: readonly RoomEvent[];
}

export interface ServerStatus {
  /** Version of this document's shape. */
  readonly schema: 2;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly sockets: number;
  /** Socket events by name and outcome. */
  readonly signals: Readonly<Record<string, { readonly accepted: number; readonly refused: number }>>;
  readonly rooms: readonly RoomStatus[];
}
