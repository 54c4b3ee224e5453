/**
 * A peer, from joining a room to the end of the run: learn locally, average with the others, repeat.
 * Everything it needs (sockets, links, trainer, clock, randomness) is handed in, so that the same loop runs
 * in Node, in a tab and in a test.
 */
import type { View } from "../core/view.ts";
import { createMembership } from "./membership.ts";
import type { Membership } from "./membership.ts";
import { limits } from "./messages.ts";
import type { RosterEntry, Welcome } from "./messages.ts";
import { createMeters } from "./meters.ts";
import { createModelUpload } from "./model-upload.ts";
import { createNews } from "./news.ts";
import { createReport } from "./report.ts";
import type { PeerSnapshot } from "./report.ts";
import type { Peer, PeerOptions } from "./peer-control.ts";
import type { PeerOutcome } from "./peer-events.ts";
import { openPeerMesh } from "./peer-mesh.ts";
import type { PeerMesh } from "./peer-mesh.ts";
import { createSession } from "./session.ts";
import type { Session } from "./session.ts";
import { createStanding } from "./standing.ts";
import { leastReportMs } from "./thin-reports.ts";
import { createTraffic } from "./traffic.ts";
import { createTrainingLoop } from "./training-loop.ts";
import type { TrainingLoop } from "./training-loop-interface.ts";
import { doneOrLate, pause } from "./waiting.ts";
import { createWidening } from "./widening.ts";

/** Farewell packets and the last report get this long to leave the machine. */
const farewellMs = 300;
/** How long to wait for the first attempts to connect before starting without. */
const settleMs = 10_000;
const maxDeparted = limits.linksPerReport / 2;

export type { Peer, PeerOptions } from "./peer-control.ts";

export function createPeer(options: PeerOptions): Peer {
  const { identity, clock, onEvent } = options;
  const meters = createMeters();
  const widening = createWidening();
  const traffic = createTraffic(clock);
  const news = createNews(clock);
  const standing = createStanding(onEvent, tellWhetherListening);
  const others = new Map<string, RosterEntry>();
  const nameOf = (peerId: string) => others.get(peerId)?.name ?? peerId;
  let session: Session | undefined;
  let loop: TrainingLoop | undefined;
  let mesh: PeerMesh | undefined;
  /** Who asked for our gathers before we could hear it. */
  const listeners = new Map<string, boolean>();
  let welcome: Welcome | undefined;
  /** Of the newest welcome: what the credentials of TURN servers are good for ends. */
  let iceServers: readonly string[] = [];
  let share = 1;
  let outcome: PeerOutcome | undefined;
  let isStopping = false;
  /** Whose links are gone, and belong to this run's figures. */
  let departed: readonly string[] = [];
  /** Of the run's end: the links and their figures are gone afterwards. */
  let lastSnapshot: PeerSnapshot | undefined;
  let cancelReport: () => void = () => undefined;

  const replica = () => (loop?.isComplete ? loop.replica : undefined);
  const upload = createModelUpload({ clock, replica });
  const membership: Membership = createMembership({
    upload,
    signaling: options.signaling,
    identity,
    room: options.room,
    clock,
    backend: () => session?.trainer.backend,
    position: () =>
      loop?.isComplete && membership.view?.members.length && !standing.isPaused
        ? { epoch: membership.view.epoch, round: loop.round, cycleMs: meters.cycleMs }
        : undefined,
    events: {
      onWelcome(answer) {
        iceServers = answer.iceServers;
        mesh ??= openMesh();
        welcome ??= answer;
        for (const peer of answer.roster) others.set(peer.peerId, peer);
        mesh.reunite(answer.roster.map((peer) => peer.peerId));
        news.tell();
      },
      onJoined(peer) {
        others.set(peer.peerId, peer);
        mesh?.meet(peer.peerId, false);
      },
      onLeft(peerId, reason) {
        notice(`${nameOf(peerId)} left: ${reason}`);
        mesh?.forget(peerId, "left the room");
        departed = [...departed.filter((id) => id !== peerId), peerId].slice(-maxDeparted);
        others.delete(peerId);
        listeners.delete(peerId);
      },
      onSignal: (from, attempt, data) => mesh?.fromServer(from, attempt, data),
      onView,
      onTrainingGone(hadMembers) {
        session?.machine.restart();
        if (hadMembers) loop?.roomEmptied(false);
        session?.exchange.abort(); // the machine knows nothing of its round any more
      },
      onRefused: (refusal) => end({ kind: "refused", refusal }),
      onNotice: notice,
    },
  });

  function notice(text: string): void {
    onEvent({ kind: "notice", text });
  }

  /** Members get gathers anyway. Listeners ask for them, and who is in rounds that the others may have left. */
  const isListening = () => standing.state === "listening" || isInOldRounds();
  const isInOldRounds = () => loop?.isComplete === true && !standing.isPaused && membership.isLeftOut;

  function tellWhetherListening(): void {
    for (const { peerId, state: link } of mesh?.ends() ?? []) {
      if (link === "open") mesh?.tell(peerId, { type: "listen", on: isListening() });
    }
  }

  function end(why: PeerOutcome): void {
    outcome ??= why;
    session?.exchange.abort();
    news.tell();
  }

  function onView(view: View, wasMember: boolean): void {
    session?.machine.install(view);
    tellWhetherListening();
    if (view.members.length === 0) session?.exchange.abortListening();
    if (view.members.length === 0) loop?.roomEmptied(wasMember);
    news.tell();
  }

  // ---- the run -----------------------------------------------------------------------------------------

  async function run(): Promise<PeerOutcome> {
    try {
      await membership.join();
      await news.until(() => welcome !== undefined || over());
      if (welcome && mesh && !over()) await train(await open(welcome, mesh), mesh);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      end({ kind: "failed", reason, diverged: false });
    }
    await close();
    return outcome ?? { kind: "stopped" };
  }

  const over = () => outcome !== undefined || isStopping;

  function openMesh(): PeerMesh {
    return openPeerMesh({
      signingKey: options.signingKey,
      room: options.room,
      clock,
      rng: options.rng,
      createLink: options.createLink,
      get iceServers() {
        return iceServers;
      },
      membership,
      session: () => session,
      isListening,
      onForged: (peerId) => notice(`a signal in the name of ${nameOf(peerId)} was not signed by it: refused`),
      onListener: (peerId, isOn) => listeners.set(peerId, isOn),
      onClose: (peerId, reason) => notice(`link to ${nameOf(peerId)} closed: ${reason}`),
    });
  }

  async function open(first: Welcome, links: PeerMesh): Promise<Session> {
    const { task, shard } = first;
    const trainer = await options.startTrainer(task, shard);
    const { peerId: selfId } = identity;
    const opened = createSession({ task, trainer, mesh: links, peerId: selfId, clock, rng: options.rng });
    session = opened;
    opened.pace.setShare(share);
    for (const { peerId, state: link } of links.ends()) {
      if (link === "open") opened.exchange.onOpen(peerId);
      if (listeners.get(peerId)) opened.machine.setListening(peerId, true);
    }
    if (membership.view) opened.machine.install(membership.view);
    report();
    await doneOrLate(clock, links.settled(), settleMs);
    return opened;
  }

  async function train(opened: Session, links: PeerMesh): Promise<void> {
    loop = createTrainingLoop({
      session: opened,
      membership,
      mesh: links,
      peerId: identity.peerId,
      meters,
      clock,
      isOver: over,
      hasEnded: () => outcome !== undefined,
      standing,
      remembered: async () => options.remembered?.(opened.task),
      news: news.wait,
      end,
      onEvent,
    });
    await loop.run();
  }

  // ---- reports and the end -------------------------------------------------------------------------------

  function snapshot(): PeerSnapshot {
    if (lastSnapshot) return lastSnapshot;
    return createReport({
      identity,
      room: options.room,
      task: session?.task,
      state: standing.state,
      round: loop?.round ?? 0,
      view: membership.view,
      phase: standing.phase,
      others,
      meters,
      traffic,
      now: clock.now(),
      mesh,
      departed,
      machine: session?.machine,
      backend: session?.trainer.backend,
      exchange: session?.exchange,
    });
  }

  function report(): void {
    const figures = snapshot().report;
    membership.report(figures);
    for (const peerId of widening.due(figures.links)) mesh?.widen(peerId);
    cancelReport = clock.after(leastReportMs, report);
  }

  async function close(): Promise<void> {
    cancelReport();
    if (session) membership.report(snapshot().report, true);
    if (outcome?.kind === "finished") await upload.chance();
    membership.leave();
    await pause(clock, farewellMs);
    session?.machine.conclude();
    lastSnapshot = snapshot();
    session?.exchange.close();
    mesh?.close();
    options.signaling.close();
    await session?.trainer.close();
  }

  /** Interrupts whatever only waits; a round that we contribute to is finished. */
  function interrupt(): void {
    news.tell();
    session?.exchange.abortListening();
  }

  function pauseNow(): void {
    if (standing.isPaused || over()) return;
    interrupt();
    standing.pause();
    membership.pause();
    membership.report(snapshot().report);
  }

  function resume(): void {
    if (!standing.isPaused || over()) return;
    standing.resume();
    news.tell();
  }

  function leaveNow(): void {
    isStopping = true;
    membership.leave();
    session?.machine.conclude();
    lastSnapshot ??= snapshot();
    end({ kind: "stopped" });
    mesh?.close();
  }

  return {
    run,
    stop() {
      isStopping = true;
      interrupt();
    },
    pause: pauseNow,
    resume,
    setShare(next) {
      share = next;
      session?.pace.setShare(next);
    },
    leaveNow,
    snapshot,
    replica,
  };
}
