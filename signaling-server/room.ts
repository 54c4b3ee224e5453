/**
 * The rules of one room: who is in, who is a member, what everybody is told. Pure: no socket, no clock;
 * time comes in as an argument and messages go out as values, which is what makes the rules testable.
 */
import type { Task } from "../shared/core/task.ts";
import type { View } from "../shared/core/view.ts";
import { limits } from "../shared/net/messages.ts";
import type {
  JoinRequest,
  LinkReport,
  PeerReport,
  Refusal,
  ServerEvents,
  Welcome,
} from "../shared/net/messages.ts";
import type { RoomStatus } from "../shared/net/status.ts";
import { createRoomHistory } from "./room-history.ts";
import { historyPoint, peerStatus, rosterEntry } from "./room-peer.ts";
import type { RoomPeer } from "./room-peer.ts";
import { createRoomTotals } from "./room-totals.ts";
import { createViews } from "./views.ts";

type Told<Name extends keyof ServerEvents> = {
  readonly event: Name;
  readonly data: Parameters<ServerEvents[Name]>[0];
};
/** A message to some peers of the room. */
export type RoomEffect = { readonly to: readonly string[] } & (
  | Told<"joined">
  | Told<"left">
  | Told<"view">
  | Told<"refused">
);

export interface Room {
  readonly name: string;
  /** When `tick` must be called next, or null. */
  readonly dueMs: number | null;
  has(peerId: string): boolean;
  join(
    request: JoinRequest,
    nowMs: number,
  ): { readonly answer: Welcome | Refusal; readonly effects: RoomEffect[] };
  ready(peerId: string, nowMs: number): RoomEffect[];
  report(peerId: string, report: PeerReport, nowMs: number): RoomEffect[];
  leave(peerId: string, reason: string, nowMs: number): RoomEffect[];
  /** Makes the view that is due, and a point of the curves once a second. */
  tick(nowMs: number): RoomEffect[];
  status(): RoomStatus;
}

export interface RoomOptions {
  readonly name: string;
  readonly task: Task;
  readonly iceServers: readonly string[];
  readonly madeAtMs: number;
}

/** Peers that left are remembered up to this many, for their shard and their counts. */
const maxRemembered = 512;
/** A stranger's `resume` must leave room for the epochs to come. */
const maxResumedEpoch = 0xffff_0000;

export function createRoom({ name, task, iceServers, madeAtMs }: RoomOptions): Room {
  const peers = new Map<string, RoomPeer>();
  const remembered = new Map<string, { readonly shard: number; readonly links: readonly LinkReport[] }>();
  const views = createViews({ minPeers: task.minPeers, lastRound: task.rounds });
  const history = createRoomHistory();
  const totals = createRoomTotals();
  let nextShard = 0;
  /** Members of this training that have reported its last round; they leave soon after, and still count. */
  const done = new Set<string>();
  let finished = false;

  const seconds = (nowMs: number) => Math.floor((nowMs - madeAtMs) / 1000);
  const note = (nowMs: number, text: string) => history.addEvent({ t: seconds(nowMs), text });
  const everybody = () => [...peers.keys()];
  const isMember = (peerId: string) => views.current?.members.includes(peerId) ?? false;
  const members = () => [...peers.values()].filter(({ peerId }) => isMember(peerId));
  const ready = () => [...peers.values()].flatMap((peer) => (peer.ready ? peer.peerId : []));
  const reconsider = (nowMs: number) => {
    if (!finished) views.update(ready(), nowMs);
  };

  function refusal(request: JoinRequest): Refusal | null {
    if (finished) return { ok: false, ...ended(task.rounds) };
    if (peers.has(request.peerId)) {
      const reason = `peer id ${request.peerId} is connected already: take another, or wait until it is gone`;
      return { ok: false, code: "taken", reason };
    }
    if (peers.size >= limits.membersPerRoom) {
      const reason = `room "${name}" is full (${limits.membersPerRoom} peers): try again later`;
      return { ok: false, code: "full", reason };
    }
    const { resume } = request;
    if (resume && (resume.epoch > maxResumedEpoch || resume.round > task.rounds)) {
      const reason = `resume (epoch ${resume.epoch}, round ${resume.round}) is beyond this task: join anew`;
      return { ok: false, code: "malformed", reason };
    }
    return null;
  }

  function admit(request: JoinRequest, nowMs: number): RoomPeer {
    const { peerId, resume } = request;
    const shard = remembered.get(peerId)?.shard ?? nextShard++;
    if (resume) views.resume({ peerId, ...resume }, nowMs);
    return { request, peerId, shard, ready: resume !== undefined, report: null };
  }

  function remember({ peerId, shard, report }: RoomPeer): void {
    const links = report?.links ?? remembered.get(peerId)?.links ?? [];
    remembered.delete(peerId);
    remembered.set(peerId, { shard, links });
    const [oldest] = remembered.keys();
    if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
  }

  /** Puts a new view into force: everybody starts from where it says. */
  function adopt(view: View, nowMs: number): RoomEffect {
    if (view.members.length === 0) {
      for (const peer of peers.values()) peer.ready = false;
      done.clear();
    }
    note(nowMs, `view ${view.epoch} from round ${view.fromRound}: ${countOf(view.members.length, "member")}`);
    return { to: everybody(), event: "view", data: view };
  }

  /** One member's word is not enough; but honest ones reach the end together, and some never say so. */
  function isDoneByHalf(): boolean {
    const voters = new Set([...(views.current?.members ?? []), ...done]);
    return done.size > 0 && 2 * done.size >= voters.size;
  }

  function finish(nowMs: number): RoomEffect[] {
    finished = true;
    note(nowMs, ended(task.rounds).reason);
    // Who is not in yet waits for a view that will never come.
    const outside = everybody().filter((id) => !isMember(id));
    return [{ to: outside, event: "refused", data: { event: "ready", ...ended(task.rounds) } }];
  }

  return {
    name,
    get dueMs() {
      return finished ? null : views.dueMs;
    },
    has: (peerId) => peers.has(peerId),

    join(request, nowMs) {
      const refused = refusal(request);
      if (refused) return { answer: refused, effects: [] };
      const others = everybody();
      const roster = [...peers.values()].map(rosterEntry);
      const peer = admit(request, nowMs);
      peers.set(peer.peerId, peer);
      note(nowMs, `${request.name} joined (${request.kind}, ${request.backend})`);
      reconsider(nowMs);
      return {
        answer: { ok: true, task, view: views.current, roster, shard: peer.shard, iceServers },
        effects: [{ to: others, event: "joined", data: rosterEntry(peer) }],
      };
    },

    ready(peerId, nowMs) {
      const peer = peers.get(peerId);
      if (!peer) return [];
      if (finished)
        return [{ to: [peerId], event: "refused", data: { event: "ready", ...ended(task.rounds) } }];
      peer.ready = true;
      reconsider(nowMs);
      return [];
    },

    report(peerId, report, nowMs) {
      const peer = peers.get(peerId);
      if (!peer) return [];
      totals.add(peer.report?.links ?? remembered.get(peerId)?.links ?? [], report.links);
      peer.report = report;
      views.reported(peerId, { round: report.round, atMs: nowMs, cycleMs: report.cycleMs });
      if (finished || !isMember(peerId) || report.round < task.rounds) return [];
      done.add(peerId);
      return isDoneByHalf() ? finish(nowMs) : [];
    },

    leave(peerId, reason, nowMs) {
      const peer = peers.get(peerId);
      if (!peer) return [];
      remember(peer);
      peers.delete(peerId);
      note(nowMs, `${peer.request.name} left: ${reason}`);
      const wasLastDone = !finished && done.has(peerId) && members().length === 0;
      const end = wasLastDone ? finish(nowMs) : [];
      reconsider(nowMs);
      return [{ to: everybody(), event: "left", data: { peerId, reason } }, ...end];
    },

    tick(nowMs) {
      const view = finished ? null : views.next(ready(), nowMs);
      const effects = view ? [adopt(view, nowMs)] : [];
      if (members().length > 0) history.addPoint(historyPoint(seconds(nowMs), members()));
      return effects;
    },

    status() {
      const all = [...peers.values()].map((peer) => peerStatus(peer, isMember(peer.peerId)));
      return {
        room: name,
        task: { name: task.name, averaging: task.averaging, encoding: task.encoding, rounds: task.rounds },
        epoch: views.current?.epoch ?? 0,
        round: Math.max(0, ...all.map(({ round }) => round)),
        samplesPerSecond: all.reduce((sum, peer) => sum + peer.samplesPerSecond, 0),
        ...totals.read(),
        peers: all,
        history: [...history.points],
        events: [...history.events],
      };
    },
  };
}

function ended(rounds: number): Omit<Refusal, "ok"> {
  return { code: "finished", reason: `the run has ended after ${countOf(rounds, "round")}` };
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
