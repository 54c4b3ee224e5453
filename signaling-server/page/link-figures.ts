/**
 * Who hears whom how well: from what each receiver reports about each sender. Pure; the matrix, the list of
 * the worst and the panel show it.
 */
import { addDrops, dropShare, noDrops } from "../../shared/core/drops.ts";
import type { Drops } from "../../shared/core/drops.ts";
import type { LinkReport } from "../../shared/net/messages.ts";
import type { PeerStatus } from "../../shared/net/status.ts";

export interface LinkFigures {
  readonly sender: PeerStatus;
  readonly receiver: PeerStatus;
  readonly received: number;
  readonly drops: Readonly<Drops>;
  /** Of the fragments owed to the receiver, those that did not count, 0..1; null before the first. */
  readonly share: number | null;
  readonly report: LinkReport;
}

/** Above this many peers the single cell says nothing any more. */
export const maxMatrixPeers = 32;

/** [sender][receiver] in the order of `peers`; null: themselves, or nothing is known. */
export function linkMatrix(peers: readonly PeerStatus[]): (LinkFigures | null)[][] {
  const heard = peers.map(({ links }) => new Map(links.map((link) => [link.peerId, link])));
  return peers.map((sender) =>
    peers.map((receiver, column) => {
      const report = heard[column]?.get(sender.peerId);
      if (!report || sender === receiver) return null;
      const { received, drops } = report;
      return { sender, receiver, received, drops, share: dropShare(received, drops), report };
    }),
  );
}

/**
 * Of the fragments that each sender (by its id) owed to anybody, the share that did not count there, 0..1; null
 * before the first. A row of the matrix in one figure: a peer's own report has the column's (`dropRate`).
 */
export function sentShares(peers: readonly PeerStatus[]): ReadonlyMap<string, number | null> {
  const sums = new Map(peers.map(({ peerId }) => [peerId, { received: 0, drops: noDrops() }]));
  for (const receiver of peers) {
    for (const { peerId, received, drops } of receiver.links) {
      const sum = sums.get(peerId);
      if (!sum || peerId === receiver.peerId) continue;
      sum.received += received;
      addDrops(sum.drops, drops);
    }
  }
  return new Map([...sums].map(([peerId, { received, drops }]) => [peerId, dropShare(received, drops)]));
}

export interface LinkSummary {
  /** Directed links with a share. */
  readonly count: number;
  readonly worst: readonly (LinkFigures & { readonly share: number })[];
  /** Half, nine of ten, 99 of 100 links lose at most this; the worst one loses `most`. */
  readonly quantiles: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly most: number;
  };
}

/** Null before any link has a share. */
export function linkSummary(peers: readonly PeerStatus[], howMany: number): LinkSummary | null {
  const known = linkMatrix(peers)
    .flat()
    .flatMap((link) => (link && link.share !== null ? [{ ...link, share: link.share }] : []))
    .toSorted((a, b) => b.share - a.share);
  const [first] = known;
  if (!first) return null;
  const at = (q: number) => known[Math.floor((1 - q) * (known.length - 1))]?.share ?? 0;
  return {
    count: known.length,
    worst: known.slice(0, howMany),
    quantiles: { p50: at(0.5), p90: at(0.9), p99: at(0.99), most: first.share },
  };
}

/** From each of these shares on a cell is one step darker; the style sheet has the colours s0 to s5. */
export const steps = [0.001, 0.01, 0.03, 0.1, 0.2];

export function stepOf(share: number): number {
  return steps.filter((from) => share >= from).length;
}

/** As short as a cell is small: per cent without the sign. */
export function cellText(share: number | null): string {
  if (share === null) return "";
  if (share >= 0.0995) return (share * 100).toFixed(0);
  return share < 0.0005 ? "0" : `${Number((share * 100).toFixed(1))}`;
}
