/**
 * How often peers are asked for a report. Reports are most of what a large server does (about 0.2 ms of its processor
 * each), and what is worth least when others wait to be let in: so there are `reportsPerSecond` of them at most, as
 * long as that means no more than `mostReportMs` between two of a peer.
 */
import { leastReportMs, mostReportMs } from "../shared/net/thin-reports.ts";

export const reportsPerSecond = 500;

/** @param peers in all rooms. @returns milliseconds, whole seconds, so that few who come or go change it */
export function reportIntervalMs(peers: number): number {
  const seconds = Math.ceil(peers / reportsPerSecond);
  return Math.min(Math.max(1_000 * seconds, leastReportMs), mostReportMs);
}
