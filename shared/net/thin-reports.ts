/**
 * What of a report need not be said every second, and how often a report has to be. A server with thousands of peers
 * asks for fewer (`pace`); that a peer's own state or pace is another one is told at once. Links are most of a report,
 * and in a full room there are a thousand of them: they come with every report where they are few, with every fourth
 * where they are 31 (those to peers that left count, too), with the next one when a link has opened, closed or been
 * muted, with the second after joining again, and with the last.
 */
import type { PeerReport, Sketch, WholeReport } from "./messages.ts";
import { sketchEvery } from "./sketch.ts";

export const leastReportMs = 1_000;
/** Where somebody is gets older between two reports: signaling-server/pace.ts extrapolates as long. */
export const mostReportMs = 8_000;

const linksEachTime = 8;
/** Timers are late. */
const earlyMs = leastReportMs / 2;
/** Times as long a round, or as short: pace.ts leads by as much. */
const otherPace = 1.25;

export interface ThinReports {
  /** Called about once a second. What is to be said now, if anything is. */
  next(report: WholeReport, nowMs: number): PeerReport | undefined;
  /** @param everyMs between two reports, as a server asks for it: whatever makes no sense changes nothing */
  pace(everyMs: unknown): void;
  /** A server has let us in, and knows from that where we are: where it has time for few reports none is due at once. */
  welcomed(everyMs: unknown, nowMs: number): void;
}

export function createThinReports(): ThinReports {
  let everyMs = leastReportMs;
  let saidMs = -Infinity;
  let said: PeerReport | undefined;
  let saidLinks = "";
  let left = 0;
  let sketch: Sketch | undefined;

  function pace(asked: unknown): void {
    if (typeof asked !== "number" || !Number.isFinite(asked)) return;
    everyMs = Math.min(Math.max(asked, leastReportMs), mostReportMs);
  }

  /** Of fewer rounds where there are fewer reports: only those of one round can be compared with others'. */
  function sketchIn({ sketch: newest, cycleMs = 0 }: WholeReport): Sketch | undefined {
    const every = sketchEvery(cycleMs) * 2 ** Math.ceil(Math.log2(everyMs / leastReportMs));
    if (everyMs === leastReportMs || (newest && newest.round % every === 0)) sketch = newest;
    return sketch;
  }

  return {
    next(report, nowMs) {
      const newest = { ...report, sketch: sketchIn(report) };
      if (said && isAlike(said, newest) && nowMs < saidMs + everyMs - earlyMs) return undefined;
      [said, saidMs] = [newest, nowMs];
      const standing = standingOf(report.links);
      left -= 1;
      if (left > 0 && standing === saidLinks) return { ...newest, links: undefined };
      saidLinks = standing;
      left = Math.ceil(report.links.length / linksEachTime);
      return newest;
    },
    pace,
    welcomed(asked, nowMs) {
      everyMs = leastReportMs;
      pace(asked);
      if (everyMs > leastReportMs) saidMs = nowMs;
      left = Math.min(left, 2);
    },
  };
}

function isAlike(said: PeerReport, { state, cycleMs }: PeerReport): boolean {
  if (said.state !== state) return false;
  if (said.cycleMs === undefined || cycleMs === undefined) return said.cycleMs === cycleMs;
  return cycleMs <= otherPace * said.cycleMs && said.cycleMs <= otherPace * cycleMs;
}

function standingOf(links: WholeReport["links"]): string {
  return links.map((link) => `${link.peerId} ${link.state} ${link.muted ?? ""}`).join();
}
