/**
 * What of a report need not be said every second: its links are most of it, and in a full room there are a thousand
 * of them. They come with every report where they are few, with every fourth where they are 31 (those to peers that
 * left count, too), and at once when one has opened, closed or been muted, when the peer's own state is another one,
 * and after every `join`.
 */
import type { PeerReport, WholeReport } from "./messages.ts";

const linksEachTime = 8;

export interface ThinReports {
  next(report: WholeReport): PeerReport;
  /** The server knows nothing of what was said before. */
  forget(): void;
}

export function createThinReports(): ThinReports {
  let said = "";
  let left = 0;
  return {
    next(report) {
      const standing = standingOf(report);
      left -= 1;
      if (left > 0 && standing === said) return { ...report, links: undefined };
      said = standing;
      left = Math.ceil(report.links.length / linksEachTime);
      return report;
    },
    forget() {
      left = 0;
    },
  };
}

function standingOf({ state, links }: WholeReport): string {
  return [state, ...links.map((link) => `${link.peerId} ${link.state} ${link.muted ?? ""}`)].join();
}
