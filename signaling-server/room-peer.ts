/** One peer of a room and what the snapshot shows of it. */
import { addDrops, dropShare, noDrops } from "../shared/core/drops.ts";
import { createTokenBucket } from "../shared/core/token-bucket.ts";
import type { TokenBucket } from "../shared/core/token-bucket.ts";
import { leastDirect } from "../shared/net/candidate-type.ts";
import type { JoinRequest, ReadyMessage, RosterEntry, WholeReport } from "../shared/net/messages.ts";
import type { HistoryPoint, PeerStatus } from "../shared/net/status.ts";
import type { Contributor } from "./room-interface.ts";

export interface RoomPeer {
  readonly request: JoinRequest;
  readonly peerId: string;
  readonly shard: number;
  /** Its replica is complete: it wants to be a member. */
  ready: boolean;
  /** For becoming that: each time costs everybody a view. */
  readonly turns: TokenBucket;
  /** It has said that it is, and its turn has not come. */
  waiting: ReadyMessage | null;
  report: WholeReport | null;
  /** Bytes per second between two reports, and the later one's time. */
  traffic: { readonly atMs: number; readonly up: number; readonly down: number } | null;
  /** Paused while it was a member: what it has is the training's. */
  pausedAsMember: boolean;
}

/** At once, as often as somebody may press a button twice; then one each five seconds. */
const turnBurst = 3;
const turnsPerSecond = 0.2;

export const readyTurns = () => createTokenBucket(turnsPerSecond, turnBurst);

/** Reports closer together than this say nothing about a rate. */
const leastRateMs = 500;

/** Takes a peer's new report in place of the last one. */
export function takeReport(peer: RoomPeer, report: WholeReport, nowMs: number): void {
  const { traffic: old, report: last } = peer;
  if (old && last && nowMs < old.atMs + leastRateMs) peer.report = report;
  else {
    const seconds = old ? (nowMs - old.atMs) / 1000 : Infinity;
    const rate = (now: number, then = 0) => Math.max(0, now - then) / seconds;
    peer.traffic = {
      atMs: nowMs,
      up: rate(report.bytesSent, last?.bytesSent),
      down: rate(report.bytesReceived, last?.bytesReceived),
    };
    peer.report = report;
  }
}

export function rosterEntry({ request: { peerId, name, kind } }: RoomPeer): RosterEntry {
  return { peerId, name, kind };
}

export function contributor({ peerId, report }: RoomPeer): Contributor {
  return { peerId, round: report?.round ?? 0, accuracy: report?.validation?.accuracy ?? null };
}

export function peerStatus(
  { request, report, traffic }: RoomPeer,
  { member, newestRound }: { readonly member: boolean; readonly newestRound: number },
): PeerStatus {
  const open = report?.links.filter(({ state }) => state === "open") ?? [];
  return {
    peerId: request.peerId,
    name: request.name,
    kind: request.kind,
    backend: report?.backend ?? request.backend,
    state: report?.state ?? "lobby",
    member,
    round: report?.round ?? 0,
    lag: report && report.state !== "connecting" ? newestRound - report.round : 0,
    samplesPerSecond: report?.samplesPerSecond ?? 0,
    samples: report?.samples ?? 0,
    loss: report?.loss ?? null,
    accuracy: report?.validation?.accuracy ?? null,
    roundMsP50: report?.roundMsP50 ?? null,
    roundMsP95: report?.roundMsP95 ?? null,
    bytesSent: report?.bytesSent ?? 0,
    bytesReceived: report?.bytesReceived ?? 0,
    upRate: traffic?.up ?? 0,
    downRate: traffic?.down ?? 0,
    rttMs: median(open.flatMap(({ rttMs }) => rttMs ?? [])),
    candidateType: leastDirect(open.map(({ candidateType }) => candidateType)) ?? null,
    dropRate: report ? dropRate(report) : null,
    links: report?.links ?? [],
  };
}

function dropRate({ links }: WholeReport): number | null {
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
    roundMsP95: median(reports.flatMap(({ roundMsP95 }) => roundMsP95 ?? [])),
  };
}

/** Between the two in the middle where there are two. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
