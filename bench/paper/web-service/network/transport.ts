/** How a web message gets to its target in spite of drops. */
import type { Clock } from "../../../../shared/core/clock.ts";
import type { Packet } from "./packet.ts";

/**
 * - `newreno`: slow start, AIMD, fast retransmit and recovery of RFC 5681 and 6582, timer of RFC 6298.
 * - `dctcp`: the same, and marks shrink the window by the share of marked packets (RFC 8257).
 * - `ideal`: a fixed window, learns of arrivals and drops at once and for nothing.
 */
export type TransportKind = "newreno" | "dctcp" | "ideal";

export interface TransportOptions {
  readonly kind: TransportKind;
  /** The shortest retransmission time-out. */
  readonly minRtoMs: number;
  /** In packets. */
  readonly initialWindow: number;
}

export interface Message {
  readonly source: number;
  readonly target: number;
  readonly bytes: number;
  /** All of it is there. */
  readonly onComplete: () => void;
}

export interface Carrier {
  readonly time: Clock;
  send(packet: Packet): void;
}

/** An Ethernet frame's worth of IP; of it IP and TCP headers with time stamps. */
const fullPacketBytes = 1500;
export const headerBytes = 52;

export function packetCount(bytes: number): number {
  return Math.ceil(bytes / (fullPacketBytes - headerBytes));
}

export function packetBytes(messageBytes: number, number: number): number {
  const payload = fullPacketBytes - headerBytes;
  return Math.min(payload, messageBytes - number * payload) + headerBytes;
}

/** What of a message has arrived. */
export interface Arrivals {
  /** The first packet that is missing. */
  missing(): number;
  /** Calls `onComplete` with the last one. */
  add(number: number): void;
}

export function createArrivals(total: number, onComplete: () => void): Arrivals {
  const isThere = new Uint8Array(total);
  let count = 0;
  let missing = 0;

  function add(number: number): void {
    if (isThere[number]) return;
    isThere[number] = 1;
    count++;
    while (isThere[missing]) missing++;
    if (count === total) onComplete();
  }

  return { add, missing: () => missing };
}
