/**
 * A bad network as a function: what becomes of one packet. Seeded, without a clock or a socket of its own;
 * the in-memory link and the lossy proxy both ask it.
 */
import type { Rng } from "../core/rng.ts";

export interface Faults {
  /** Share of the packets that is lost, 0..1. */
  readonly loss: number;
  /** Mean number of packets lost in a row (Gilbert–Elliott). 0 = losses are independent. */
  readonly burstPackets: number;
  readonly delayMs: number;
  /** Up to this much more delay, uniform; it stretches the stream without reordering it. */
  readonly jitterMs: number;
  /** Share of the packets that arrives twice. */
  readonly duplicate: number;
  /** Share of the packets that is held back and overtaken by those after it. */
  readonly reorder: number;
  /** Nothing passes. */
  readonly blackout: boolean;
  /** Bottleneck; what would wait longer than `queueMs` is lost. Infinity = none. */
  readonly rateBytesPerSecond: number;
}

export const noFaults: Faults = {
  loss: 0,
  burstPackets: 0,
  delayMs: 0,
  jitterMs: 0,
  duplicate: 0,
  reorder: 0,
  blackout: false,
  rateBytesPerSecond: Number.POSITIVE_INFINITY,
};

/** The depth of the bottleneck's queue: a home router's, tail drop. */
const queueMs = 200;
const heldBackMs = 20;
const lost: readonly number[] = [];

/** One direction of one path: the delays after which copies of the packet arrive; empty = lost. */
export type Impairment = (nowMs: number, bytes: number) => readonly number[];

/** `faults` is asked for every packet, so that it may change while running. */
export function createImpairment(faults: () => Faults, rng: Rng): Impairment {
  let inBurst = false;
  let freeAtMs = Number.NEGATIVE_INFINITY;
  let lastArrivalMs = Number.NEGATIVE_INFINITY;

  function isLost({ loss, burstPackets }: Faults): boolean {
    if (burstPackets <= 1) return rng.float() < loss;
    // Two states; in the bad one everything is lost. Stationary share of bad = loss, mean stay = burst.
    const leave = inBurst ? 1 / burstPackets : loss / (burstPackets * (1 - loss));
    if (rng.float() < leave) inBurst = !inBurst;
    return inBurst;
  }

  /** When the packet has left the bottleneck, or undefined when its queue is full. */
  function departure(nowMs: number, bytes: number, { rateBytesPerSecond }: Faults): number | undefined {
    const startMs = Math.max(nowMs, freeAtMs);
    if (startMs - nowMs > queueMs) return undefined;
    freeAtMs = startMs + (bytes / rateBytesPerSecond) * 1000;
    return freeAtMs;
  }

  return (nowMs, bytes) => {
    const now = faults();
    if (isLost(now) || now.blackout) return lost;
    const leftMs = departure(nowMs, bytes, now);
    if (leftMs === undefined) return lost;
    const arrivalMs = Math.max(lastArrivalMs, leftMs + now.delayMs + rng.float() * now.jitterMs);
    lastArrivalMs = arrivalMs;
    const delayMs = arrivalMs - nowMs + (rng.float() < now.reorder ? heldBackMs : 0);
    return rng.float() < now.duplicate ? [delayMs, delayMs] : [delayMs];
  };
}
