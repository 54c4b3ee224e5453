/**
 * The rules of one room: who is in, who is a member, what everybody is told. Pure: no socket, no clock;
 * time comes in as an argument and messages go out as values, which is what makes the rules testable.
 */
import type { View } from "../shared/core/view.ts";
import type { JoinRequest, LinkReport } from "../shared/net/messages.ts";
import { disagreementOf } from "../shared/net/sketch.ts";
import { createDeparted } from "./departed.ts";
import { isLost } from "./endings.ts";
import { createRoomHistory } from "./room-history.ts";
import { createRoomLog } from "./room-log.ts";
import {
  contributor,
  historyPoint,
  median,
  peerStatus,
  readyTurns,
  rosterEntry,
  takeReport,
} from "./room-peer.ts";
import type { RoomPeer } from "./room-peer.ts";
import type { Room, RoomEffect, RoomOptions } from "./room-interface.ts";
import { ended, refusalOf } from "./room-refusals.ts";
import { createRoomSpeed } from "./room-speed.ts";
import { createRoomTotals } from "./room-totals.ts";
import { viewCoalesceMs } from "./view-spacing.ts";
import { createViews } from "./views.ts";
import { taskFactsOf } from "./task-facts.ts";

export type { Room, RoomEffect } from "./room-interface.ts";

const untold = { waiting: null, report: null, traffic: null, pausedAsMember: false } as const;

export function createRoom({ name, task, iceServersFor, madeAtMs }: RoomOptions): Room {
  const peers = new Map<string, RoomPeer>();
  const views = createViews({ minPeers: task.minPeers, lastRound: task.rounds, madeAtMs });
  const history = createRoomHistory();
  const totals = createRoomTotals();
  const speed = createRoomSpeed();
  /** Of those who were here last; a view is told after they have left. */
  const names = new Map<string, string>();
  const remembered = createDeparted((peerId) => peers.has(peerId) || names.delete(peerId));
  const log = createRoomLog({ history, madeAtMs, nameOf: (peerId) => names.get(peerId) });
  let nextShard = 0;
  /**
   * Members of this training that have reported its last round, where the others' reports bear it out; they
   * leave soon after, and still count.
   */
  const done = new Set<string>();
  let finished = false;
  const taskFacts = taskFactsOf(task);

  const seconds = (nowMs: number) => Math.floor((nowMs - madeAtMs) / 1000);
  const everybody = () => [...peers.keys()];
  const isMember = (peerId: string) => views.current?.members.includes(peerId) ?? false;
  const members = () => [...peers.values()].filter(({ peerId }) => isMember(peerId));
  const ready = () => [...peers.values()].flatMap((peer) => (peer.ready ? peer.peerId : []));
  const reconsider = (nowMs: number) => {
    if (!finished) views.update(ready(), peers.size, nowMs);
  };

  /** Of the members that have said where they are; one wild figure changes little. */
  function middleRound(): number | undefined {
    return median(members().flatMap(({ report }) => report?.round ?? [])) ?? undefined;
  }

  function admit(request: JoinRequest, isReady: boolean): RoomPeer {
    const { peerId } = request;
    const { shard = nextShard++, turns = readyTurns() } = remembered.get(peerId) ?? {};
    return { request, peerId, shard, turns, ready: isReady, ...untold };
  }

  /** What it has said last, once it is its turn: who goes in and out all the time would make views for ever. */
  function takeReady(peer: RoomPeer, nowMs: number): void {
    const { peerId, waiting, pausedAsMember: wasMember } = peer;
    if (!waiting || !(peer.ready || peer.turns.take(nowMs))) return;
    peer.waiting = null;
    peer.ready = true;
    views.brings(peerId, { round: waiting.round, sketch: waiting.sketch, wasMember });
    peer.pausedAsMember = false;
    reconsider(nowMs);
  }

  /** A training that comes back to a server which has begun another one: the newcomers' is over. */
  function takeUp({ peerId, resume }: JoinRequest, nowMs: number): RoomEffect[] {
    const before = views.current?.members ?? [];
    const isKnown = remembered.has(peerId);
    const end = resume && views.resume({ peerId, ...resume, isKnown }, nowMs);
    if (!end) return [];
    log.note("notice", "a training from before the server's restart goes on in place of this one", nowMs);
    return [adopt(end, before, nowMs)];
  }

  function makeView(nowMs: number): RoomEffect[] {
    const before = views.current?.members ?? [];
    const { view, beginning, over, back } = views.next(ready(), nowMs) ?? {};
    if (!view) return [];
    if (beginning) log.began(beginning, nowMs);
    if (back) {
      log.returned(back, nowMs);
      const end = adopt(view, before, nowMs, back);
      reconsider(nowMs);
      return [end];
    }
    if (!over) return [adopt(view, before, nowMs)];
    for (const peerId of over) {
      const peer = peers.get(peerId);
      if (peer) peer.ready = false;
    }
    log.leftOut(over, members().length > 0, nowMs);
    return [{ to: over, event: "view", data: view }];
  }

  function remember({ peerId, shard, turns, report }: RoomPeer): void {
    const links = report?.links ?? remembered.get(peerId)?.links ?? [];
    remembered.add(peerId, { shard, links, turns });
  }

  function noteLinks(whose: string, before: readonly LinkReport[], after: readonly LinkReport[]): void {
    totals.add(before, after);
    log.waited(whose, before, after);
    log.muted(whose, before, after);
  }

  /** Puts a new view into force: everybody starts from where it says, but who comes back to an older training. */
  function adopt(
    view: View,
    before: readonly string[],
    nowMs: number,
    back: readonly string[] = [],
  ): RoomEffect {
    // Nobody, where all have gone; where training begins with a model, those who bring another one.
    for (const peer of peers.values())
      peer.ready = back.includes(peer.peerId) || (peer.ready && view.members.includes(peer.peerId));
    if (view.members.length === 0) done.clear();
    log.view(view, before, nowMs);
    const to = everybody().filter((id) => !back.includes(id) && !views.holds(id));
    return { to, event: "view", data: view };
  }

  /** Honest ones reach the end together, and some never say so. Nobody bears out what one says that is alone. */
  function isDoneByHalf(): boolean {
    const voters = new Set([...(views.current?.members ?? []), ...done]);
    return voters.size > 1 && 2 * done.size >= voters.size;
  }

  /** That a run has ended which only one peer has seen ending holds until somebody comes to begin again. */
  function beginAgain(nowMs: number): void {
    finished = false;
    log.note("notice", "the run had ended by the word of one peer: it begins again", nowMs);
    views.update([], 0, nowMs - viewCoalesceMs);
    makeView(nowMs);
  }

  function finish(nowMs: number): RoomEffect[] {
    finished = true;
    log.note("finished", ended(task.rounds).reason, nowMs);
    // Who is not in yet waits for a view that will never come.
    const outside = everybody().filter((id) => !isMember(id));
    return [{ to: outside, event: "refused", data: { event: "ready", ...ended(task.rounds) } }];
  }

  return {
    name,
    task,
    get dueMs() {
      return finished ? null : views.dueMs;
    },
    has: (peerId) => peers.has(peerId),
    knows: (peerId) => peers.has(peerId) || remembered.has(peerId),

    join(request, nowMs) {
      if (finished && peers.size === 0 && done.size === 1) beginAgain(nowMs);
      const room = { name, rounds: task.rounds, finished, count: peers.size };
      const refused = refusalOf(request, { ...room, isTaken: peers.has(request.peerId) });
      if (refused) return { answer: refused, effects: [] };
      const others = everybody();
      const roster = [...peers.values()].map(rosterEntry);
      const took = takeUp(request, nowMs);
      const { peerId, resume, proof } = request;
      const from = { peerId, isKnown: remembered.has(peerId), isProven: proof !== undefined };
      const other = resume && views.leaveOut({ ...resume, ...from }, nowMs);
      const isHeld = other === "held";
      const peer = admit(request, resume !== undefined && !other);
      peers.set(peerId, peer);
      names.set(peerId, request.name);
      log.note("joined", `${request.name} joined (${request.kind}, ${request.backend})`, nowMs);
      // It is another one's member, in another round: it says that it is ready when it has heard of this one.
      const told: RoomEffect[] = other && !isHeld ? [{ to: [peerId], event: "view", data: other }] : [];
      reconsider(nowMs);
      const came = { event: "joined", data: { peers: [rosterEntry(peer)] } } as const;
      return {
        answer: {
          ok: true,
          task,
          view: isHeld ? null : views.current,
          roster,
          shard: peer.shard,
          iceServers: iceServersFor(peerId),
        },
        effects: [...took, { ...came, to: others, mayWait: peer.ready }, ...told],
      };
    },

    ready(peerId, message, nowMs) {
      const peer = peers.get(peerId);
      if (!peer) return [];
      if (finished)
        return [{ to: [peerId], event: "refused", data: { event: "ready", ...ended(task.rounds) } }];
      if (!views.holds(peerId)) peer.waiting = message;
      takeReady(peer, nowMs);
      return [];
    },

    pause(peerId, nowMs) {
      const peer = peers.get(peerId);
      if (!peer || finished) return [];
      if (peer.ready) log.note("notice", `${peer.request.name} pauses`, nowMs, "pause");
      peer.ready = false;
      peer.waiting = null;
      peer.pausedAsMember ||= isMember(peerId);
      reconsider(nowMs);
      const end = views.letGo(peerId);
      return end ? [{ to: [peerId], event: "view", data: end }] : [];
    },

    report(peerId, report, nowMs) {
      const peer = peers.get(peerId);
      if (!peer) return [];
      const { links: before } = peer.report ?? remembered.get(peerId) ?? { links: [] };
      const { links = [...before] } = report;
      if (report.links) noteLinks(peer.request.name, before, links);
      takeReport(peer, { ...report, links }, nowMs);
      views.reported(peerId, { round: report.round, atMs: nowMs, cycleMs: report.cycleMs });
      if (!isMember(peerId) || report.round < task.rounds) return [];
      if ((views.othersRound(peerId, nowMs) ?? Infinity) < task.rounds) return [];
      done.add(peerId);
      return !finished && isDoneByHalf() ? finish(nowMs) : [];
    },

    leave(peerId, reason, nowMs) {
      const peer = peers.get(peerId);
      if (!peer) return [];
      remember(peer);
      peers.delete(peerId);
      views.left(peerId, isLost(reason), nowMs);
      log.note("left", `${peer.request.name} left: ${reason}`, nowMs);
      const wasLastDone = !finished && done.has(peerId) && members().length === 0;
      // One's word alone ends nothing for those who wait.
      const end = wasLastDone && (done.size > 1 || peers.size === 0) ? finish(nowMs) : [];
      reconsider(nowMs);
      return [{ to: everybody(), event: "left", data: { peerId, reason } }, ...end];
    },

    tick(nowMs) {
      if (!finished) for (const peer of peers.values()) takeReady(peer, nowMs);
      const effects = finished ? [] : makeView(nowMs);
      log.tick(nowMs);
      speed.note(middleRound(), nowMs);
      if (members().length > 0) history.addPoint(historyPoint(seconds(nowMs), members()));
      return effects;
    },

    contributors: () => members().map(contributor),

    status() {
      const newestRound = Math.max(0, ...[...peers.values()].map(({ report }) => report?.round ?? 0));
      const all = [...peers.values()].map((peer) =>
        peerStatus(peer, { member: isMember(peer.peerId), newestRound }),
      );
      return {
        room: name,
        task: taskFacts,
        epoch: views.current?.epoch ?? 0,
        round: newestRound,
        isFinished: finished,
        roundsPerMinute: speed.roundsPerMinute,
        disagreement: disagreementOf(members().flatMap(({ report }) => report?.sketch ?? [])),
        model: null,
        samplesPerSecond: all.reduce((sum, peer) => sum + peer.samplesPerSecond, 0),
        ...totals.read(),
        peers: all,
        history: [...history.points],
        events: [...history.events],
      };
    },
  };
}
