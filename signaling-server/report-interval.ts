/**
 * How often peers are asked for a report. Reports are most of what a large server does (about 0.2 ms of its processor
 * each), and what is worth least when others wait to be let in: so there are `reportsPerSecond` of them at most, as
 * long as that means no more than `mostReportMs` between two of a peer.
 */
import { leastReportMs, mostReportMs } from "../shared/net/thin-reports.ts";

export const reportsPerSecond = 500;

/** So many fewer there have to be for it to be less again: to tell everybody of one who comes and goes is no help. */
const fewer = 0.9;

/**
 * @param peers in all rooms
 * @param toldMs what it was before
 * @returns milliseconds, whole seconds
 */
export function reportIntervalMs(peers: number, toldMs = 0): number {
  return Math.max(intervalMs(peers), Math.min(toldMs, intervalMs(peers / fewer)));
}

function intervalMs(peers: number): number {
  const seconds = Math.ceil(peers / reportsPerSecond);
  return Math.min(Math.max(1_000 * seconds, leastReportMs), mostReportMs);
}
