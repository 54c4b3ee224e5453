/**
 * A peer, from joining a room to the end of the run: learn locally, average with the others, repeat.
 * Everything it needs (sockets, links, trainer, clock, randomness) is handed in, so that the same loop runs
 * in Node, in a tab and in a test.
 */
import type { Clock } from "../core/clock.ts";
import type { Rng } from "../core/rng.ts";
import type { RoundResult } from "../core/round.ts";
import type { Task } from "../core/task.ts";
import type { View } from "../core/view.ts";
import type { Trainer, LocalResult } from "../training/trainer.ts";
import type { CreateLink } from "./link.ts";
import { createMembership } from "./membership.ts";
import type { Identity, Membership } from "./membership.ts";
import { createMesh } from "./mesh.ts";
import type { Mesh } from "./mesh.ts";
import { limits } from "./messages.ts";
import type { Refusal, RosterEntry, Signaling, Welcome } from "./messages.ts";
import { createMeters, figureOf } from "./meters.ts";
import type { Meters, ValidationFigure } from "./meters.ts";
import { createReport } from "./report.ts";
import type { PeerSnapshot, PeerState } from "./report.ts";
import { createSession } from "./session.ts";
import type { Session } from "./session.ts";
import { createWidening } from "./widening.ts";

/** Images validated in each round. */
const validationSlice = 32;
const reportEveryMs = 1_000;
/** Farewell packets and the last report get this long to leave the machine. */
const farewellMs = 300;
/** How long to wait for the first attempts to connect before starting without. */
const settleMs = 10_000;
const maxDeparted = limits.linksPerReport / 2;
const announceMs = 2_000;

export type PeerEvent =
  | { readonly kind: "state"; readonly state: PeerState }
  | { readonly kind: "round"; readonly result: RoundResult; readonly local: LocalResult }
  | { readonly kind: "validation"; readonly figure: ValidationFigure }
  | { readonly kind: "notice"; readonly text: string };

export type PeerOutcome =
  /** All rounds of the task are done. */
  | { readonly kind: "finished"; readonly validation: ValidationFigure }
  | { readonly kind: "stopped" }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The trainer failed, or training diverged. */
  | { readonly kind: "failed"; readonly reason: string; readonly diverged: boolean };

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
  let mesh: Mesh | undefined;
  /** Who asked for our gathers before we could hear it. */
  const listeners = new Map<string, boolean>();
  let welcome: Welcome | undefined;
  let state: PeerState = "connecting";
  let replica: Float32Array = new Float32Array(0);
  let missing: Uint8Array = new Uint8Array(0);
  let announcedAt = -Infinity;
  let nextRound = 0;
  /** Our replica belongs to a running training (and not just to the task's seed). */
  let isComplete = false;
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
      isComplete && membership.view ? { epoch: membership.view.epoch, round: nextRound } : undefined,
    events: {
      onWelcome(answer) {
        if (!mesh) openMesh(answer);
        welcome ??= answer;
        for (const peer of answer.roster) meet(peer, true);
        wake();
      },
      onJoined: (peer) => meet(peer, false),
      onLeft(peerId, reason) {
        notice(`${names.get(peerId) ?? peerId} left: ${reason}`);
        mesh?.forget(peerId, "left the room");
        departed = [...departed.filter((id) => id !== peerId), peerId].slice(-maxDeparted);
        names.delete(peerId);
        listeners.delete(peerId);
      },
      onSignal: (from, attempt, data) => mesh?.signal(from, attempt, data),
      onView,
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
    onEvent({ kind: "state", state });
  }

  function end(why: PeerOutcome): void {
    outcome ??= why;
    session?.exchange.abort();
    wake();
  }

  function meet(peer: RosterEntry, dial: boolean): void {
    names.set(peer.peerId, peer.name);
    mesh?.meet(peer.peerId, dial);
  }

  function onView(view: View): void {
    session?.machine.install(view);
    if (view.members.length === 0) isComplete = false;
    else tellWhetherListening();
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
      while (!welcome && !over()) await news(1_000);
      if (welcome && mesh && !over()) await live(await open(welcome, mesh));
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

  const over = () => outcome !== undefined || isStopping;

  /** The links are dialled while the trainer starts: others may be calling already. */
  function openMesh(first: Welcome): void {
    mesh = createMesh({
      clock,
      rng: options.rng,
      createLink: options.createLink,
      iceServers: first.iceServers,
      sendSignal: membership.signal,
      events: {
        onOpen(peerId) {
          session?.exchange.onOpen(peerId);
          mesh?.tell(peerId, { type: "listen", on: !isMember() });
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

  async function live(s: Session): Promise<void> {
    while (!over() && nextRound < s.task.rounds) {
      const view = s.machine.viewFor(nextRound) ?? membership.view;
      if (!view || view.members.length === 0) await startAfresh(s);
      else if (isComplete && isMemberAt(s, nextRound)) await trainAndAverage(s);
      else await listen(s, view);
    }
    if (!over()) await finish(s);
  }

  const isMember = () => membership.view?.members.includes(identity.peerId) ?? false;

  function isMemberAt(s: Session, round: number): boolean {
    return s.machine.viewFor(round)?.members.includes(identity.peerId) ?? false;
  }

  /** Nobody trains yet: the model is the task's initial one and we are ready at once. */
  async function startAfresh(s: Session): Promise<void> {
    enter("connecting");
    replica = await s.trainer.initialParameters();
    nextRound = 0;
    s.machine.expect(0);
    membership.ready(0);
    const before = membership.view?.epoch;
    while (!over() && membership.view?.epoch === before) await news(5_000);
    nextRound = isMember() ? (membership.view?.fromRound ?? 0) : 0;
    // A later start belongs to a training that others resume: its model has to be listened to first.
    isComplete = isMember() && nextRound === 0;
    s.machine.expect(nextRound);
  }

  async function trainAndAverage(s: Session): Promise<void> {
    enter("training");
    const before = replica;
    const local = await s.trainer.train(before, {
      round: nextRound,
      samples: s.pace.samples,
      ...dueValidation(s),
    });
    if (!Number.isFinite(local.loss)) return diverged(local.loss);
    meters.learned(local, clock.now());
    noteValidation(s, local);
    if (outcome) return;
    const newest = s.machine.jumpTo();
    if (newest !== undefined) return catchUp(s, local.parameters, newest);
    if (!isMemberAt(s, nextRound)) return;
    const outgoing = s.rule.outgoing(before, local.parameters);
    const averaged = await s.exchange.average(nextRound, outgoing, false);
    if (averaged.kind === "behind") return catchUp(s, local.parameters, averaged.newest);
    if (averaged.kind === "aborted") return;
    replica = s.rule.incoming(before, averaged.result.values);
    const { lagMs, roundMs } = averaged.result;
    s.pace.update({ trainMs: local.trainMs, samples: local.samples, lagMs, roundMs });
    meters.averaged(averaged.result, clock.now());
    nextRound += 1;
    onEvent({ kind: "round", result: averaged.result, local });
  }

  /** Validation must not make anybody late: at most a quarter of the round's samples. */
  function dueValidation(s: Session): { validate?: { from: number; count: number } } {
    const validate = s.pass.next(Math.min(validationSlice, Math.floor(s.pace.samples / 4)));
    return validate ? { validate } : {};
  }

  function diverged(loss: number): void {
    end({
      kind: "failed",
      diverged: true,
      reason: `training diverged: the loss of round ${nextRound} is ${loss}; lower optimizer.learningRate in the task`,
    });
  }

  function noteValidation(s: Session, local: LocalResult): void {
    const figure = local.validation && s.pass.add(local.validation, nextRound);
    if (!figure) return;
    meters.validated(figure);
    onEvent({ kind: "validation", figure });
  }

  /** We fell behind: whatever we learned meanwhile stays where the newest averages do not replace it. */
  async function catchUp(s: Session, parameters: Float32Array, newest: number): Promise<void> {
    replica = parameters;
    nextRound = newest;
    if (s.rule.name !== "gradient" && s.machine.viewFor(newest)) await listenOnce(s);
    else s.machine.expect(newest);
  }

  /** Completes the replica from the others' gathers; then the server may put us into the next view. */
  async function listen(s: Session, view: View): Promise<void> {
    enter("listening");
    if (s.rule.name === "gradient") {
      return end({
        kind: "failed",
        diverged: false,
        reason: "gradient averaging can't be joined once it runs",
      });
    }
    if (missing.length !== s.machine.fragmentCount || replica.length === 0) await startListening(s, view);
    await listenOnce(s);
    isComplete ||= !missing.includes(1);
    if (!isComplete || isMember() || clock.now() < announcedAt + announceMs) return;
    announcedAt = clock.now();
    membership.ready(nextRound);
  }

  async function startListening(s: Session, view: View): Promise<void> {
    if (replica.length === 0) replica = await s.trainer.initialParameters();
    missing = new Uint8Array(s.machine.fragmentCount).fill(1);
    nextRound = Math.max(nextRound, view.fromRound);
    s.machine.expect(nextRound);
    tellWhetherListening();
  }

  async function listenOnce(s: Session): Promise<void> {
    const heard = await s.exchange.average(nextRound, replica, true);
    if (heard.kind === "behind") nextRound = heard.newest;
    if (heard.kind !== "finished") return;
    replica = heard.result.values;
    for (let i = 0; i < missing.length; i++) if (heard.result.averaged[i] === 1) missing[i] = 0;
    nextRound += 1;
  }

  function tellWhetherListening(): void {
    for (const { peerId, state: link } of mesh?.ends() ?? []) {
      if (link === "open") mesh?.tell(peerId, { type: "listen", on: !isMember() });
    }
  }

  /** The figure that counts: the whole validation set, on the model that does not move any more. */
  async function finish(s: Session): Promise<void> {
    const all = { from: 0, count: s.trainer.validationSamples };
    const { validation } = await s.trainer.train(replica, { round: nextRound, samples: 0, validate: all });
    if (!validation) throw new Error("the trainer did not validate");
    const figure = figureOf(validation, nextRound);
    meters.validated(figure);
    onEvent({ kind: "validation", figure });
    end({ kind: "finished", validation: figure });
  }

  // ---- reports and the end -------------------------------------------------------------------------------

  function snapshot(): PeerSnapshot {
    if (lastSnapshot) return lastSnapshot;
    return createReport({
      identity,
      room: options.room,
      task: session?.task,
      state,
      round: nextRound,
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

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** Leaves no timer behind: a process must not outlive its run for it. */
async function doneOrLate(clock: Clock, done: Promise<void>, ms: number): Promise<void> {
  let cancel = (): void => undefined;
  const late = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  await Promise.race([done, late]);
  cancel();
}
