/** What a peer tells about itself: to the server (`report`, a message) and to its own screen (the rest). */
import { offenceKinds } from "../core/conduct.ts";
import type { Conduct } from "../core/conduct.ts";
import { addDrops, dropShare, noDrops } from "../core/drops.ts";
import type { Drops } from "../core/drops.ts";
import type { RoundMachine } from "../core/round.ts";
import type { Task } from "../core/task.ts";
import type { View } from "../core/view.ts";
import type { Exchange } from "./exchange.ts";
import type { Identity } from "./membership.ts";
import type { Mesh, MeshEnd } from "./mesh.ts";
import { limits } from "./messages.ts";
import type { LinkReport, PeerReport, RosterEntry, WholeReport } from "./messages.ts";
import type { Meters } from "./meters.ts";
import type { PeerPhase } from "./phase.ts";
import type { Traffic } from "./traffic.ts";

export type PeerState = PeerReport["state"];

/** Another participant, as this peer sees it. */
export interface PeerView extends RosterEntry {
  readonly state: LinkReport["state"];
  readonly rttMs: number | null;
  /** Share of the fragments owed to us by this peer that did not count, 0..1; null before the first. */
  readonly dropRate: number | null;
}

export interface PeerSnapshot {
  readonly identity: Identity;
  readonly room: string;
  readonly task: Task | undefined;
  readonly epoch: number;
  readonly members: number;
  readonly phase: PeerPhase;
  /** The others in the room, members or not. */
  readonly peers: readonly PeerView[];
  /** Names of the other participants by id. */
  readonly names: ReadonlyMap<string, string>;
  /** Training losses of the last rounds, oldest first. */
  readonly losses: readonly number[];
  /** Bytes per second, over about the last two seconds. */
  readonly upRate: number;
  readonly downRate: number;
  /** Over all links. */
  readonly sent: number;
  readonly received: number;
  readonly drops: Drops;
  readonly report: WholeReport;
}

export function createReport(from: {
  readonly identity: Identity;
  readonly room: string;
  readonly task: Task | undefined;
  readonly state: PeerState;
  readonly round: number;
  readonly view: View | null;
  readonly phase: PeerPhase;
  readonly others: ReadonlyMap<string, RosterEntry>;
  readonly meters: Meters;
  readonly traffic: Traffic;
  readonly now: number;
  readonly mesh: Mesh | undefined;
  /** Who left: their links are over, what went over them is not undone. */
  readonly departed: readonly string[];
  readonly machine: RoundMachine | undefined;
  readonly exchange: Exchange | undefined;
  /** What the trainer computes with, once there is one. */
  readonly backend: string | undefined;
}): PeerSnapshot {
  const { meters, now } = from;
  const ends = from.mesh?.ends() ?? [];
  const links = [...ends, ...departedEnds(from.departed, ends)].map((end) => linkReport(end, from));
  const drops = noDrops();
  for (const link of links) addDrops(drops, link.drops);
  const bytesSent = from.exchange?.bytesSent ?? 0;
  const bytesReceived = from.exchange?.bytesReceived ?? 0;
  const rate = from.traffic.update(bytesSent, bytesReceived);
  return {
    identity: from.identity,
    room: from.room,
    task: from.task,
    epoch: from.view?.epoch ?? 0,
    members: from.view?.members.length ?? 0,
    phase: from.phase,
    peers: [...from.others.values()].map((other) => peerView(other, links)),
    names: new Map([...from.others.values()].map(({ peerId, name }) => [peerId, name])),
    losses: meters.losses,
    upRate: rate.up,
    downRate: rate.down,
    sent: sum(links, (link) => link.sent),
    received: sum(links, (link) => link.received),
    drops,
    report: {
      state: from.state,
      round: from.round,
      loss: meters.loss,
      validation: meters.validation,
      backend: from.backend?.slice(0, limits.nameLength),
      samplesPerSecond: meters.samplesPerSecond(now),
      samples: meters.samples,
      roundMsP50: meters.roundMs(0.5),
      roundMsP95: meters.roundMs(0.95),
      roundMsP99: meters.roundMs(0.99),
      cycleMs: meters.cycleMs,
      bytesSent,
      bytesReceived,
      sketch: meters.sketch,
      links: links.slice(0, limits.linksPerReport),
    },
  };
}

function departedEnds(departed: readonly string[], present: readonly MeshEnd[]): readonly MeshEnd[] {
  const isPresent = (peerId: string) => present.some((end) => end.peerId === peerId);
  const over = { state: "closed", link: undefined, nonsense: 0 } as const;
  return departed.filter((peerId) => !isPresent(peerId)).map((peerId) => ({ peerId, ...over }));
}

function peerView(other: RosterEntry, links: readonly LinkReport[]): PeerView {
  const link = links.find(({ peerId }) => peerId === other.peerId);
  return {
    ...other,
    state: link?.state ?? "closed",
    rttMs: link?.rttMs ?? null,
    dropRate: link ? dropShare(link.received, link.drops) : null,
  };
}

function linkReport(
  end: MeshEnd,
  { machine, meters }: { readonly machine: RoundMachine | undefined; readonly meters: Meters },
): LinkReport {
  const counts = machine?.counts(end.peerId);
  const stats = end.link?.stats();
  return {
    peerId: end.peerId,
    state: end.state,
    rttMs: stats?.rttMs,
    candidateType: stats?.candidateType,
    lanes: end.link?.lanes,
    sent: counts?.sent ?? 0,
    received: counts?.received ?? 0,
    drops: { ...(counts?.drops ?? noDrops()) },
    missed: meters.missed(end.peerId),
    ...(counts && conductReport(counts.conduct)),
  };
}

/** Nothing of a peer without fault. */
function conductReport({ offences, mutedFor, reason }: Conduct): Pick<LinkReport, "offences" | "muted"> {
  const kinds = offenceKinds.filter((kind) => offences[kind] > 0);
  return {
    ...(kinds.length > 0 && { offences: Object.fromEntries(kinds.map((kind) => [kind, offences[kind]])) }),
    ...(mutedFor > 0 && { muted: reason }),
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
