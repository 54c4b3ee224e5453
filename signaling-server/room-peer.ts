/** One peer of a room and what the snapshot shows of it. */
import { addDrops, noDrops } from "../shared/core/drops.ts";
import type { JoinRequest, PeerReport, RosterEntry } from "../shared/net/messages.ts";
import type { HistoryPoint, PeerStatus } from "../shared/net/status.ts";
import { dropShare } from "./room-totals.ts";

export interface RoomPeer {
  readonly request: JoinRequest;
  readonly peerId: string;
  readonly shard: number;
  /** Its replica is complete: it wants to be a member. */
  ready: boolean;
  report: PeerReport | null;
}

export function rosterEntry({ request: { peerId, name, kind } }: RoomPeer): RosterEntry {
  return { peerId, name, kind };
}

export function peerStatus({ request, report }: RoomPeer, member: boolean): PeerStatus {
  return {
    peerId: request.peerId,
    name: request.name,
    kind: request.kind,
    backend: request.backend,
    state: report?.state ?? "lobby",
    member,
    round: report?.round ?? 0,
    samplesPerSecond: report?.samplesPerSecond ?? 0,
    samples: report?.samples ?? 0,
    loss: report?.loss ?? null,
    accuracy: report?.validation?.accuracy ?? null,
    roundMsP50: report?.roundMsP50 ?? null,
    roundMsP99: report?.roundMsP99 ?? null,
    bytesSent: report?.bytesSent ?? 0,
    bytesReceived: report?.bytesReceived ?? 0,
    dropRate: report ? dropRate(report) : null,
    links: report?.links ?? [],
  };
}

function dropRate({ links }: PeerReport): number | null {
  const drops = noDrops();
  for (const link of links) addDrops(drops, link.drops);
  return dropShare(
    links.reduce((sum, link) => sum + link.received, 0),
    drops,
  );
}

/** What the members' newest reports say together; a median shrugs off one peer with a wild figure. */
export function historyPoint(t: number, members: readonly RoomPeer[]): HistoryPoint {
  const reports = members.flatMap(({ report }) => report ?? []);
  const validations = reports.flatMap(({ validation }) => validation ?? []);
  return {
    t,
    round: Math.max(0, ...reports.map(({ round }) => round)),
    loss: median(reports.flatMap(({ loss }) => loss ?? [])),
    validationLoss: mean(validations.map(({ loss }) => loss)),
    accuracy: mean(validations.map(({ accuracy }) => accuracy)),
    peers: members.length,
    roundMsP50: median(reports.flatMap(({ roundMsP50 }) => roundMsP50 ?? [])),
  };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
