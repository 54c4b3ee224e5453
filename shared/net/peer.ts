/**
 * A peer, from joining a room to the end of the run: learn locally, average with the others, repeat.
 * Everything it needs (sockets, links, trainer, clock, randomness) is handed in, so that the same loop runs
 * in Node, in a tab and in a test.
 */
import type { Clock } from "../core/clock.ts";
import type { Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { View } from "../core/view.ts";
import type { Trainer } from "../training/trainer.ts";
import type { CreateLink } from "./link.ts";
import { createMembership } from "./membership.ts";
import type { Identity, Membership } from "./membership.ts";
import { createMesh } from "./mesh.ts";
import type { Mesh } from "./mesh.ts";
import { limits } from "./messages.ts";
import type { Signaling, Welcome } from "./messages.ts";
import { createMeters } from "./meters.ts";
import type { Meters } from "./meters.ts";
import { createReport } from "./report.ts";
import type { PeerSnapshot, PeerState } from "./report.ts";
import type { PeerEvent, PeerOutcome } from "./peer-events.ts";
import { createSession } from "./session.ts";
import type { Session } from "./session.ts";
import { createTrainingLoop } from "./training-loop.ts";
import type { TrainingLoop } from "./training-loop.ts";
import { doneOrLate, pause } from "./waiting.ts";
import { createWidening } from "./widening.ts";

const reportEveryMs = 1_000;
/** Farewell packets and the last report get this long to leave the machine. */
const farewellMs = 300;
/** How long to wait for the first attempts to connect before starting without. */
const settleMs = 10_000;
const maxDeparted = limits.linksPerReport / 2;

export interface PeerOptions {
  readonly identity: Identity;
  readonly room: string;
  readonly signaling: Signaling;
  readonly createLink: CreateLink;
  readonly startTrainer: (task: Task, shard: number) => Promise<Trainer>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly onEvent: (event: PeerEvent) => void;
}

export interface Peer {
  /** Resolves once, with why it ended. Never rejects. */
  run(): Promise<PeerOutcome>;
  /** Finish the round under way, say goodbye, end. */
  stop(): void;
  snapshot(): PeerSnapshot;
}

export function createPeer(options: PeerOptions): Peer {
  const { identity, clock, onEvent } = options;
  const meters: Meters = createMeters();
  const widening = createWidening();
  const names = new Map<string, string>();
  let session: Session | undefined;
  let loop: TrainingLoop | undefined;
  let mesh: Mesh | undefined;
  /** Who asked for our gathers before we could hear it. */
  const listeners = new Map<string, boolean>();
  let welcome: Welcome | undefined;
  let state: PeerState = "connecting";
  let outcome: PeerOutcome | undefined;
  let isStopping = false;
  /** Whose links belong to this run's figures although they are gone. */
  let departed: readonly string[] = [];
  /** Of the run's end: the links and their figures are gone afterwards. */
  let lastSnapshot: PeerSnapshot | undefined;
  let wake: () => void = () => undefined;
  let cancelReport: () => void = () => undefined;

  const membership: Membership = createMembership({
    signaling: options.signaling,
    identity,
    room: options.room,
    clock,
    position: () =>
      loop?.isComplete && membership.view ? { epoch: membership.view.epoch, round: loop.round } : undefined,
    events: {
      onWelcome(answer) {
        if (!mesh) openMesh(answer);
        welcome ??= answer;
        for (const peer of answer.roster) names.set(peer.peerId, peer.name);
        mesh?.reunite(answer.roster.map((peer) => peer.peerId));
        wake();
      },
      onJoined(peer) {
        names.set(peer.peerId, peer.name);
        mesh?.meet(peer.peerId, false);
      },
      onLeft(peerId, reason) {
        notice(`${names.get(peerId) ?? peerId} left: ${reason}`);
        mesh?.forget(peerId, "left the room");
        departed = [...departed.filter((id) => id !== peerId), peerId].slice(-maxDeparted);
        names.delete(peerId);
        listeners.delete(peerId);
      },
      onSignal: (from, attempt, data) => mesh?.signal(from, attempt, data),
      onView,
      onTrainingGone() {
        session?.machine.restart();
        loop?.roomEmptied();
      },
      onRefused: (refusal) => end({ kind: "refused", refusal }),
      onNotice: notice,
    },
  });

  function notice(text: string): void {
    onEvent({ kind: "notice", text });
  }

  function enter(next: PeerState): void {
    if (state === next) return;
    state = next;
    tellWhetherListening();
    onEvent({ kind: "state", state });
  }

  /** Members get everybody's gathers anyway; whoever listens has to ask for them. */
  function tellWhetherListening(): void {
    for (const { peerId, state: link } of mesh?.ends() ?? []) {
      if (link === "open") mesh?.tell(peerId, { type: "listen", on: state === "listening" });
    }
  }

  function end(why: PeerOutcome): void {
    outcome ??= why;
    session?.exchange.abort();
    wake();
  }

  function onView(view: View): void {
    session?.machine.install(view);
    if (view.members.length === 0) loop?.roomEmptied();
    wake();
  }

  /** Resolves at the next news from the server (or at the end), and after `ms` at the latest. */
  function news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, done);
      function done(): void {
        cancel();
        wake = () => undefined;
        resolve();
      }
      wake = done;
    });
  }

  // ---- the run -----------------------------------------------------------------------------------------

  async function run(): Promise<PeerOutcome> {
    try {
      await membership.join();
      await until(() => welcome !== undefined || over());
      if (welcome && mesh && !over()) await train(await open(welcome, mesh));
    } catch (error) {
      end({
        kind: "failed",
        reason: error instanceof Error ? error.message : String(error),
        diverged: false,
      });
    }
    await close();
    return outcome ?? { kind: "stopped" };
  }

  async function until(done: () => boolean): Promise<void> {
    while (!done()) await news(1_000);
  }

  const over = () => outcome !== undefined || isStopping;

  /** The links are dialled while the trainer starts: others may be calling already. */
  function openMesh(first: Welcome): void {
    mesh = createMesh({
      selfId: identity.peerId,
      clock,
      rng: options.rng,
      createLink: options.createLink,
      iceServers: first.iceServers,
      sendSignal: membership.signal,
      events: {
        onOpen(peerId) {
          session?.exchange.onOpen(peerId);
          mesh?.tell(peerId, { type: "listen", on: state === "listening" });
        },
        onClose(peerId, reason) {
          session?.exchange.onClose(peerId);
          notice(`link to ${names.get(peerId) ?? peerId} closed: ${reason}`);
        },
        onBytes: (peerId, bytes) => session?.exchange.onBytes(peerId, bytes),
        onControl(peerId, message) {
          if (message.type === "listen") listeners.set(peerId, message.on);
          session?.exchange.onControl(peerId, message);
        },
        onDrain: (peerId) => session?.exchange.onDrain(peerId),
      },
    });
  }

  async function open(first: Welcome, links: Mesh): Promise<Session> {
    const trainer = await options.startTrainer(first.task, first.shard);
    const { clock: time, rng } = options;
    const opened = createSession({
      task: first.task,
      trainer,
      mesh: links,
      peerId: identity.peerId,
      clock: time,
      rng,
    });
    session = opened;
    for (const { peerId, state: link } of links.ends()) {
      if (link === "open") opened.exchange.onOpen(peerId);
      if (listeners.get(peerId)) opened.machine.setListening(peerId, true);
    }
    if (membership.view) opened.machine.install(membership.view);
    report();
    await doneOrLate(clock, links.settled(), settleMs);
    return opened;
  }

  async function train(opened: Session): Promise<void> {
    loop = createTrainingLoop({
      session: opened,
      membership,
      peerId: identity.peerId,
      meters,
      clock,
      hasLink: (view) => view.members.some((member) => mesh?.open.includes(member)),
      isOver: over,
      hasEnded: () => outcome !== undefined,
      news,
      enter,
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
      state,
      round: loop?.round ?? 0,
      view: membership.view,
      names,
      meters,
      now: clock.now(),
      mesh,
      departed,
      machine: session?.machine,
      exchange: session?.exchange,
    });
  }

  function report(): void {
    const figures = snapshot().report;
    membership.report(figures);
    for (const peerId of widening.due(figures.links)) mesh?.widen(peerId);
    cancelReport = clock.after(reportEveryMs, report);
  }

  async function close(): Promise<void> {
    cancelReport();
    if (session) membership.report(snapshot().report);
    membership.leave();
    await pause(clock, farewellMs);
    session?.machine.conclude();
    lastSnapshot = snapshot();
    session?.exchange.close();
    mesh?.close();
    options.signaling.close();
    await session?.trainer.close();
  }

  return {
    run,
    stop() {
      isStopping = true;
      wake();
      if (state !== "training") session?.exchange.abort();
    },
    snapshot,
  };
}
