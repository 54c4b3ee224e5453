/** What a peer tells about itself: to the server (`report`, a message) and to its own screen (the rest). */
import { addDrops, noDrops } from "../core/drops.ts";
import type { Drops } from "../core/drops.ts";
import type { RoundMachine } from "../core/round.ts";
import type { Task } from "../core/task.ts";
import type { View } from "../core/view.ts";
import type { Exchange } from "./exchange.ts";
import type { Identity } from "./membership.ts";
import type { Mesh, MeshEnd } from "./mesh.ts";
import { limits } from "./messages.ts";
import type { LinkReport, PeerReport } from "./messages.ts";
import type { Meters } from "./meters.ts";

export type PeerState = PeerReport["state"];

export interface PeerSnapshot {
  readonly identity: Identity;
  readonly room: string;
  readonly task: Task | undefined;
  readonly epoch: number;
  readonly members: number;
  /** Names of the other participants by id. */
  readonly names: ReadonlyMap<string, string>;
  /** Training losses of the last rounds, oldest first. */
  readonly losses: readonly number[];
  /** Over all links. */
  readonly sent: number;
  readonly received: number;
  readonly drops: Drops;
  readonly report: PeerReport;
}

export function createReport(from: {
  readonly identity: Identity;
  readonly room: string;
  readonly task: Task | undefined;
  readonly state: PeerState;
  readonly round: number;
  readonly view: View | null;
  readonly names: ReadonlyMap<string, string>;
  readonly meters: Meters;
  readonly now: number;
  readonly mesh: Mesh | undefined;
  /** Who left: their links are over, what went over them is not undone. */
  readonly departed: readonly string[];
  readonly machine: RoundMachine | undefined;
  readonly exchange: Exchange | undefined;
}): PeerSnapshot {
  const { meters, now } = from;
  const ends = from.mesh?.ends() ?? [];
  const links = [...ends, ...departedEnds(from.departed, ends)].map((end) => linkReport(end, from.machine));
  const drops = noDrops();
  for (const link of links) addDrops(drops, link.drops);
  return {
    identity: from.identity,
    room: from.room,
    task: from.task,
    epoch: from.view?.epoch ?? 0,
    members: from.view?.members.length ?? 0,
    names: from.names,
    losses: meters.losses,
    sent: sum(links, (link) => link.sent),
    received: sum(links, (link) => link.received),
    drops,
    report: {
      state: from.state,
      round: from.round,
      loss: meters.loss,
      validation: meters.validation,
      samplesPerSecond: meters.samplesPerSecond(now),
      samples: meters.samples,
      roundMsP50: meters.roundMs(0.5),
      roundMsP99: meters.roundMs(0.99),
      cycleMs: meters.cycleMs,
      bytesSent: from.exchange?.bytesSent ?? 0,
      bytesReceived: from.exchange?.bytesReceived ?? 0,
      links: links.slice(0, limits.linksPerReport),
    },
  };
}

function departedEnds(departed: readonly string[], present: readonly MeshEnd[]): readonly MeshEnd[] {
  const isPresent = (peerId: string) => present.some((end) => end.peerId === peerId);
  const over = { state: "closed", link: undefined, nonsense: 0 } as const;
  return departed.filter((peerId) => !isPresent(peerId)).map((peerId) => ({ peerId, ...over }));
}

function linkReport(end: MeshEnd, machine: RoundMachine | undefined): LinkReport {
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
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
