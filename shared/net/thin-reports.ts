/**
 * What of a report need not be said every second, and how often a report has to be. A server with thousands of peers
 * asks for fewer (`pace`); a peer's own state is told at once when it is another one. Links are most of a report, and
 * in a full room there are a thousand of them: they come with every report where they are few, with every fourth
 * where they are 31 (those to peers that left count, too), with the next one when a link has opened, closed or been
 * muted, and with the last.
 */
import type { PeerReport, WholeReport } from "./messages.ts";

export const leastReportMs = 1_000;
/** Where somebody is gets older between two reports: signaling-server/pace.ts extrapolates as long. */
export const mostReportMs = 8_000;

const linksEachTime = 8;
/** Timers are late. */
const earlyMs = leastReportMs / 2;

export interface ThinReports {
  /** Called about once a second. What is to be said now, if anything is. */
  next(report: WholeReport, nowMs: number): PeerReport | undefined;
  /** @param everyMs between two reports, as a server asks for it: whatever makes no sense changes nothing */
  pace(everyMs: unknown): void;
  /** A server has let us in. Where it has time for few reports the first is not due at once, either. */
  welcomed(everyMs: unknown, nowMs: number): void;
}

export function createThinReports(): ThinReports {
  let everyMs = leastReportMs;
  let saidMs = -Infinity;
  let saidState = "";
  let saidLinks = "";
  let left = 0;

  function pace(asked: unknown): void {
    if (typeof asked !== "number" || !Number.isFinite(asked)) return;
    everyMs = Math.min(Math.max(asked, leastReportMs), mostReportMs);
  }

  return {
    next(report, nowMs) {
      const { state, links } = report;
      if (state === saidState && nowMs < saidMs + everyMs - earlyMs) return undefined;
      [saidMs, saidState] = [nowMs, state];
      const standing = standingOf(links);
      left -= 1;
      if (left > 0 && standing === saidLinks) return { ...report, links: undefined };
      saidLinks = standing;
      left = Math.ceil(links.length / linksEachTime);
      return report;
    },
    pace,
    welcomed(asked, nowMs) {
      everyMs = leastReportMs;
      pace(asked);
      if (everyMs > leastReportMs) saidMs = nowMs;
    },
  };
}

function standingOf(links: WholeReport["links"]): string {
  return links.map((link) => `${link.peerId} ${link.state} ${link.muted ?? ""}`).join();
}
