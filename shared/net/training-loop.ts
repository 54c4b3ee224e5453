/**
 * The training loop of one peer: learn, average, repeat; listen first when others are ahead. Knows the
 * replica and the round; membership, links and reports are peer.ts's business.
 */
import type { Clock } from "../core/clock.ts";
import type { View } from "../core/view.ts";
import type { LocalResult } from "../training/trainer.ts";
import type { Membership } from "./membership.ts";
import { figureOf } from "./meters.ts";
import type { Meters } from "./meters.ts";
import type { PeerEvent, PeerOutcome } from "./peer-events.ts";
import type { PeerState } from "./report.ts";
import type { Session } from "./session.ts";

/** Images validated in each round. */
const validationSlice = 32;
const announceMs = 2_000;
/** A member without any link does one round in this time. */
const lonelyRoundMs = 5_000;
/** A newcomer that hears nobody for so long can't take part. */
const deafMs = 60_000;
const pollMs = 100;

const deafness =
  "no member of the room could be heard for 60 s: a firewall or a NAT may be in the way; give the server a STUN server (shoal serve --ice-server)";

export interface TrainingLoop {
  /** Until the task's rounds are done or `isOver`. */
  run(): Promise<void>;
  readonly round: number;
  /** Our replica belongs to a running training (and not just to the task's seed). */
  readonly isComplete: boolean;
  /** The room has lost its last member: its next training starts afresh. */
  roomEmptied(): void;
}

export function createTrainingLoop(deps: {
  readonly session: Session;
  readonly membership: Membership;
  readonly peerId: string;
  readonly meters: Meters;
  readonly clock: Clock;
  /** Ended, or asked to stop after the round under way. */
  readonly isOver: () => boolean;
  /** A link to some member of the view is open. */
  readonly hasLink: (view: View) => boolean;
  readonly hasEnded: () => boolean;
  /** Resolves at the next news from the server, after `ms` at the latest. */
  readonly news: (ms: number) => Promise<void>;
  readonly enter: (state: PeerState) => void;
  readonly end: (outcome: PeerOutcome) => void;
  readonly onEvent: (event: PeerEvent) => void;
}): TrainingLoop {
  const { session: s, membership, peerId, meters, clock, enter, end, onEvent } = deps;
  let replica: Float32Array = new Float32Array(0);
  /** 1 for every fragment that a newcomer has not heard yet. */
  let missing: Uint8Array = new Uint8Array(0);
  let announcedAt = -Infinity;
  let nextRound = 0;
  let isComplete = false;
  let hasHeard = false;
  let heardAt = clock.now();

  async function run(): Promise<void> {
    while (!deps.isOver() && nextRound < s.task.rounds) {
      const view = s.machine.viewFor(nextRound) ?? membership.view;
      if (!view || view.members.length === 0) await startAfresh();
      else if (isComplete && isMemberAt(nextRound)) await takePart(view);
      else await listen(view);
    }
    if (!deps.isOver()) await finish();
  }

  const isMember = () => membership.view?.members.includes(peerId) ?? false;

  function isMemberAt(round: number): boolean {
    return s.machine.viewFor(round)?.members.includes(peerId) ?? false;
  }

  /** Nobody trains yet: the model is the task's initial one and we are ready at once. */
  async function startAfresh(): Promise<void> {
    enter("connecting");
    replica = await s.trainer.initialParameters();
    nextRound = 0;
    s.machine.expect(0);
    membership.ready(0);
    const before = membership.view?.epoch;
    while (!deps.isOver() && membership.view?.epoch === before) await deps.news(5_000);
    nextRound = isMember() ? (membership.view?.fromRound ?? 0) : 0;
    // A later start belongs to a training that others resume: its model has to be listened to first.
    isComplete = isMember() && nextRound === 0;
    s.machine.expect(nextRound);
  }

  /** Cut off from all others: they may be a moment away, so we go on, but do not run ahead of them. */
  async function takePart(view: View): Promise<void> {
    const until = clock.now() + lonelyRoundMs;
    const isAlone = () => view.members.length > 1 && !deps.hasLink(view) && !deps.isOver();
    while (isAlone() && clock.now() < until) await deps.news(pollMs);
    await trainAndAverage();
  }

  async function trainAndAverage(): Promise<void> {
    enter("training");
    const before = replica;
    const local = await s.trainer.train(before, {
      round: nextRound,
      samples: s.pace.samples,
      ...dueValidation(),
    });
    if (!Number.isFinite(local.loss)) return diverged(local.loss);
    meters.learned(local, clock.now());
    noteValidation(local);
    if (deps.hasEnded()) return;
    const newest = s.machine.jumpTo();
    if (newest !== undefined) return catchUp(local.parameters, newest);
    if (!isMemberAt(nextRound)) return;
    const outgoing = s.rule.outgoing(before, local.parameters);
    const averaged = await s.exchange.average(nextRound, outgoing, false);
    if (averaged.kind === "behind") return catchUp(local.parameters, averaged.newest);
    if (averaged.kind === "aborted") return;
    replica = s.rule.incoming(before, averaged.result.values);
    const { lagMs, roundMs } = averaged.result;
    s.pace.update({ trainMs: local.trainMs, samples: local.samples, lagMs, roundMs });
    meters.averaged(averaged.result, clock.now());
    nextRound += 1;
    onEvent({ kind: "round", result: averaged.result, local });
  }

  /** Validation must not make anybody late: at most a quarter of the round's samples. */
  function dueValidation(): { validate?: { from: number; count: number } } {
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

  function noteValidation(local: LocalResult): void {
    const figure = local.validation && s.pass.add(local.validation, nextRound);
    if (!figure) return;
    meters.validated(figure);
    onEvent({ kind: "validation", figure });
  }

  /** We fell behind: whatever we learned meanwhile stays where the newest averages do not replace it. */
  async function catchUp(parameters: Float32Array, newest: number): Promise<void> {
    replica = parameters;
    nextRound = newest;
    if (s.rule.name !== "gradient" && s.machine.viewFor(newest)) await listenOnce();
    else s.machine.expect(newest);
  }

  /** Completes the replica from the others' gathers; then the server may put us into the next view. */
  async function listen(view: View): Promise<void> {
    enter("listening");
    if (s.rule.name === "gradient") {
      return end({
        kind: "failed",
        diverged: false,
        reason: "gradient averaging can't be joined once it runs",
      });
    }
    if (missing.length !== s.machine.fragmentCount || replica.length === 0) await startListening(view);
    await listenOnce();
    if (!hasHeard) return waitUntilHeard();
    isComplete ||= !missing.includes(1);
    if (!isComplete || isMember() || clock.now() < announcedAt + announceMs) return;
    announcedAt = clock.now();
    membership.ready(nextRound);
  }

  async function startListening(view: View): Promise<void> {
    if (replica.length === 0) replica = await s.trainer.initialParameters();
    missing = new Uint8Array(s.machine.fragmentCount).fill(1);
    nextRound = Math.max(nextRound, view.fromRound);
    s.machine.expect(nextRound);
    heardAt = clock.now();
  }

  async function listenOnce(): Promise<void> {
    const heard = await s.exchange.average(nextRound, replica, true);
    hasHeard = heard.kind === "behind" || (heard.kind === "finished" && heard.result.averagedCount > 0);
    if (hasHeard) heardAt = clock.now();
    if (heard.kind === "behind") nextRound = heard.newest;
    if (heard.kind !== "finished") return;
    replica = heard.result.values;
    for (let i = 0; i < missing.length; i++) if (heard.result.averaged[i] === 1) missing[i] = 0;
    nextRound += 1;
  }

  /** Nothing came in a whole round: our count of rounds stops until somebody says where the others are. */
  async function waitUntilHeard(): Promise<void> {
    const mayTakePart = () => isComplete && isMemberAt(nextRound);
    const isEmpty = () => membership.view?.members.length === 0;
    while (!deps.isOver() && s.machine.jumpTo() === undefined && !mayTakePart() && !isEmpty()) {
      if (clock.now() > heardAt + deafMs) return end({ kind: "failed", diverged: false, reason: deafness });
      await deps.news(pollMs);
    }
    nextRound = Math.max(nextRound, s.machine.jumpTo() ?? 0);
  }

  /** The figure that counts: the whole validation set, on the model that does not move any more. */
  async function finish(): Promise<void> {
    const all = { from: 0, count: s.trainer.validationSamples };
    const { validation } = await s.trainer.train(replica, { round: nextRound, samples: 0, validate: all });
    if (!validation) throw new Error("the trainer did not validate");
    const figure = figureOf(validation, nextRound);
    meters.validated(figure);
    onEvent({ kind: "validation", figure });
    end({ kind: "finished", validation: figure });
  }

  return {
    run,
    get round() {
      return nextRound;
    },
    get isComplete() {
      return isComplete;
    },
    roomEmptied: () => void (isComplete = false),
  };
}
