/**
 * How often peers are asked for a report. Reports are most of what a large server does (about 0.2 ms of its processor
 * each), and what is worth least when others wait to be let in: so there are `reportsPerSecond` of them at most, as
 * long as that means no more than `mostReportMs` between two of a peer. It goes by those who have connected, not by
 * those who have joined: the first of a crowd are told how large it is while the others are still at the door.
 */
import { leastReportMs, mostReportMs } from "../shared/net/thin-reports.ts";

export const reportsPerSecond = 500;

/** So many fewer there have to be for it to be less again: to tell everybody of one who comes and goes is no help. */
const fewer = 0.9;

/**
 * @param connections of all kinds: peers, those of them that are still at the door, pages
 * @param toldMs what it was before
 * @returns milliseconds, whole seconds
 */
export function reportIntervalMs(connections: number, toldMs = 0): number {
  return Math.max(intervalMs(connections), Math.min(toldMs, intervalMs(connections / fewer)));
}

function intervalMs(connections: number): number {
  const seconds = Math.ceil(connections / reportsPerSecond);
  return Math.min(Math.max(1_000 * seconds, leastReportMs), mostReportMs);
}
