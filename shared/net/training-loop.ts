/**
 * The training loop of one peer: learn, average, repeat; listen first when others are ahead. Knows the
 * replica and the round; membership, links and reports are peer.ts's business.
 */
import { offerOf } from "../core/averaging/offer.ts";
import type { RoundResult } from "../core/round.ts";
import type { View } from "../core/view.ts";
import { sketchOf } from "./sketch.ts";
import { createSketching } from "./sketching.ts";
import type { Replica } from "./model-upload.ts";
import { deaf, divergence, tooLateForGradients } from "./training-failures.ts";
import type { TrainingLoop, TrainingLoopDeps } from "./training-loop-interface.ts";
import { createValidating } from "./validating.ts";

const announceMs = 2_000;
/** A member that is alone in its rounds does one in this time, or in twice what it learns for. */
const lonelyRoundMs = 5_000;
/** Who waits for so long to hear anybody can't take part. */
const deafMs = 60_000;
/** Members that all wait for somebody with a whole model wait for so long. */
const leaderlessMs = 10_000;
const pollMs = 100;
/** A wait that took longer than this was a machine that slept, or a page that was frozen: nobody listened. */
const awakeMs = 1_000;
/** A peer that pauses does its part of the averaging until it is out of the view, for so long at most. */
const handoverMs = 5_000;

export function createTrainingLoop(deps: TrainingLoopDeps): TrainingLoop {
  const { session: s, membership, peerId, meters, clock, standing, end, onEvent } = deps;
  const { enter, enterPhase } = standing;
  const validating = createValidating(s, meters, onEvent);
  const sketching = createSketching(deps.mesh, meters, s.task.seed);
  let replica: Float32Array = new Float32Array(0);
  /** 1 for every fragment that a newcomer has not heard yet. */
  let missing: Uint8Array = new Uint8Array(0);
  let announcedAt = -Infinity;
  let nextRound = 0;
  let isComplete = false;
  /** That we have waited, awake, since a member was last heard. */
  let silentMs = 0;
  /** Of the last round that we learned in. */
  let trainMs = 0;
  /** A pause that comes and goes within a round is one, too: the server has taken us out of its next view. */
  let pausesDone = 0;
  /** Our round is of a training that is over: the room may be in an earlier one by now. */
  let isRoundVoid = false;

  async function run(): Promise<void> {
    while (!deps.isOver() && nextRound < s.task.rounds) {
      if (deps.mesh.hasDrifted() && s.rule.name !== "gradient") returnFromDrift();
      const view = s.machine.viewFor(nextRound) ?? membership.view;
      if (standing.pauses > pausesDone) await pause();
      else if (!view || view.members.length === 0) await startAfresh();
      else if (isComplete && isMemberAt(nextRound)) await takePart(view);
      else await listen(view);
    }
    if (!deps.isOver()) end({ kind: "finished", validation: await validating.final(replica, nextRound) });
  }

  /** Neither ended nor told to pause: what only waits goes on. */
  const isOn = () => !deps.isOver() && standing.pauses === pausesDone;

  const isMember = () => membership.view?.members.includes(peerId) ?? false;

  function isMemberAt(round: number): boolean {
    return s.machine.viewFor(round)?.members.includes(peerId) ?? false;
  }

  async function pause(): Promise<void> {
    const isInStep = await handOver();
    while (!deps.isOver() && standing.isPaused) await deps.news(1_000);
    pausesDone = standing.pauses;
    // Rounds that are left of an older view nobody else may go through any more.
    const isInView = isMemberAt(nextRound) && (isInStep || isMember());
    // A short pause: the server may not have made the view without us yet.
    if (isInView && isComplete) membership.ready({ round: nextRound });
    // The others went on without us. If there are none, or the server knows of none, ours is the newest model.
    if (isInView || !membership.view?.members.length) return;
    hearAgain();
  }

  function returnFromDrift(): void {
    onEvent({ kind: "notice", text: "our model has drifted from the others': catching up with them" });
    hearAgain();
  }

  /** Nothing of our replica counts as heard any more: we listen until all of it has come. */
  function hearAgain(): void {
    isComplete = false;
    missing = new Uint8Array(0);
  }

  /** The others wait for our part until the view without us holds. True when the pause is over by then. */
  async function handOver(): Promise<boolean> {
    const until = clock.now() + handoverMs;
    const isAwaited = () =>
      isComplete && isMemberAt(nextRound) && (s.machine.viewFor(nextRound)?.members.length ?? 0) > 1;
    while (!deps.isOver() && standing.isPaused && isAwaited() && clock.now() < until) {
      await deps.news(trainMs); // at the room's pace: rounds in which nobody learns would fly by
      await averageWith(replica, replica);
    }
    return !standing.isPaused;
  }

  /** Nobody trains: the model is ours where we paused or kept one, else the task's, and we are ready. */
  async function startAfresh(): Promise<void> {
    enter("connecting");
    const isLive = isComplete && nextRound > 0;
    if (!isLive) await takeModel(await deps.remembered());
    if (!isOn()) return;
    const own = nextRound;
    s.machine.expect(own);
    const before = membership.view;
    membership.ready({ round: own, ...(own > 0 && { sketch: sketchOf(replica, s.task.seed) }) });
    enterPhase("waiting for others");
    // A server that was restarted has no view at first; it is told again that we are ready.
    while (isOn() && (!membership.view || membership.view === before)) await deps.news(5_000);
    if (!isOn() || !membership.view?.members.length) return;
    const from = isMember() ? (membership.view?.fromRound ?? 0) : 0;
    isRoundVoid = false;
    if (own > 0 && isMember() && from === 0) await takeModel();
    nextRound = from;
    // Another start belongs to a model that others have: it has to be listened to first.
    isComplete = isMember() && (from === own || from === 0);
    if (!isComplete) missing = new Uint8Array(0);
    s.machine.expect(nextRound);
  }

  async function takeModel(kept?: Replica): Promise<void> {
    enterPhase("connecting");
    replica = kept?.values ?? (await s.trainer.initialParameters());
    nextRound = kept?.round ?? 0;
  }

  /** Cut off from all others, or not met by any in the last round: we go on, but do not run ahead of them. */
  async function takePart(view: View): Promise<void> {
    const until = clock.now() + Math.max(lonelyRoundMs, trainMs);
    const isAlone = () => view.members.length > 1 && s.machine.isAhead(nextRound) && isOn();
    const isReplaced = () => s.machine.viewFor(nextRound)?.epoch !== view.epoch;
    if (isAlone()) enterPhase("waiting for others");
    while (isAlone() && !isLastOf(view) && !isReplaced() && clock.now() < until) await deps.news(pollMs);
    if (isLastOf(view)) return skipTo(membership.view?.fromRound ?? nextRound);
    if (isReplaced()) return;
    const startedAt = clock.now();
    await trainAndAverage();
    await rest(startedAt);
  }

  /** The next view is there and keeps nobody of this one but us: its rounds before that have no other end. */
  function isLastOf(view: View): boolean {
    const next = membership.view;
    if (!next || next.epoch <= view.epoch || next.fromRound <= nextRound) return false;
    return isMember() && view.members.every((id) => id === peerId || !next.members.includes(id));
  }

  function skipTo(round: number): void {
    nextRound = round;
    s.machine.expect(round);
  }

  async function rest(startedAt: number): Promise<void> {
    const left = () => startedAt + s.pace.leastCycleMs(trainMs) - clock.now();
    while (isOn() && left() > 0) await deps.news(left());
  }

  async function trainAndAverage(): Promise<void> {
    enter("training");
    enterPhase("training");
    const before = replica;
    const local = await s.trainer.train(before, {
      round: nextRound,
      samples: s.pace.samples,
      ...validating.due(),
    });
    if (!Number.isFinite(local.loss)) return end(divergence(nextRound, local.loss));
    meters.learned(local, clock.now());
    trainMs = local.trainMs;
    validating.note(local, nextRound);
    if (deps.hasEnded()) return;
    const result = await averageWith(before, local.parameters);
    if (result === "late") s.pace.fellBehind();
    if (!result || result === "late") return;
    s.pace.update({ trainMs, samples: local.samples, lagMs: result.lagMs, roundMs: result.roundMs });
    onEvent({ kind: "round", result, local });
  }

  /** One averaging of what became of our replica; undefined if it was broken off, "late" if the others were too far. */
  async function averageWith(
    before: Float32Array,
    after: Float32Array,
  ): Promise<RoundResult | "late" | undefined> {
    const newest = s.machine.jumpTo();
    const { outgoing, kept } = offerOf(s.rule, s.machine.turnOf(nextRound), before, after);
    if (newest !== undefined) return catchUp(kept ?? after, newest);
    if (!isMemberAt(nextRound)) return undefined;
    enterPhase("averaging");
    const averaged = await s.exchange.average(nextRound, outgoing, false, kept);
    if (averaged.kind === "behind") await catchUp(kept ?? after, averaged.newest);
    if (averaged.kind !== "finished") return undefined;
    replica = s.rule.incoming(before, averaged.result.values, averaged.result.averaged);
    meters.averaged(averaged.result, clock.now());
    nextRound += 1;
    sketching.averaged(nextRound, replica, before, after);
    return averaged.result;
  }

  /**
   * What we learned meanwhile stays where the newest averages do not replace it. We listen to a round's end, when the
   * others begin to learn for the next one: who learns for a round that they average in already is behind again.
   */
  async function catchUp(parameters: Float32Array, newest: number): Promise<"late"> {
    [replica, nextRound] = [parameters, newest];
    let isBehind = s.rule.name !== "gradient";
    // Once even if we pause: we hand over what we have then.
    for (let times = 0; isBehind && s.machine.viewFor(nextRound) && (times === 0 || isOn()); times++)
      isBehind = (await listenOnce()) === "behind";
    s.machine.expect(nextRound);
    return "late";
  }

  /** Completes the replica from the others' gathers; then the server may put us into the next view. */
  async function listen(view: View): Promise<void> {
    enter("listening");
    enterPhase("catching up");
    if (s.rule.name === "gradient") return end(tooLateForGradients);
    // That may take a while, and the room be another one by then.
    if (replica.length === 0) return void (replica = await s.trainer.initialParameters());
    if (isRoundVoid) hearAgain();
    if (missing.length !== s.machine.fragmentCount) startListening(view);
    if ((await listenOnce()) === "silence") return waitUntilHeard();
    isComplete ||= !missing.includes(1);
    if (!isComplete || !isOn() || isMember() || clock.now() < announcedAt + announceMs) return;
    announcedAt = clock.now();
    membership.ready({ round: nextRound });
  }

  function startListening(view: View): void {
    missing = new Uint8Array(s.machine.fragmentCount).fill(1);
    nextRound = isRoundVoid ? view.fromRound : Math.max(nextRound, view.fromRound);
    isRoundVoid = false;
    s.machine.expect(nextRound);
    silentMs = 0;
  }

  async function listenOnce(): Promise<"behind" | "heard" | "silence"> {
    const outcome = await s.exchange.average(nextRound, replica, true);
    const hasHeard = outcome.kind === "finished" && outcome.result.averagedCount > 0;
    if (hasHeard || outcome.kind === "behind") silentMs = 0;
    // Broken off, too: no round begins twice.
    nextRound = outcome.kind === "behind" ? outcome.newest : nextRound + 1;
    if (outcome.kind === "behind") return "behind";
    if (outcome.kind === "aborted") return "silence";
    replica = outcome.result.values;
    for (let i = 0; i < missing.length; i++) if (outcome.result.averaged[i] === 1) missing[i] = 0;
    return hasHeard ? "heard" : "silence";
  }

  /** Nothing came in a whole round: our count of rounds stops until somebody is in the next one, or beyond. */
  async function waitUntilHeard(): Promise<void> {
    s.machine.expect(nextRound); // what comes of it is kept: who only looked where others are would be late again
    const mustHear = () => !isRoundVoid && !(isComplete && isMemberAt(nextRound));
    enterPhase("waiting for others");
    let seen = s.machine.newestRound();
    while (isOn() && s.machine.newestRound() < nextRound && mustHear()) {
      if (s.machine.newestRound() > seen) [seen, silentMs] = [s.machine.newestRound(), 0];
      const at = Math.max(nextRound, membership.view?.fromRound ?? 0);
      if (silentMs > leaderlessMs && isMember() && s.machine.isLeaderless(at)) return goOnWithOurs(at);
      if (silentMs > deafMs) return end(deaf);
      const fromMs = clock.now();
      await deps.news(pollMs);
      silentMs += Math.min(clock.now() - fromMs, awakeMs);
    }
    nextRound = Math.max(nextRound, s.machine.jumpTo() ?? 0);
  }

  /** The others do so as well; what each has heard so far is averaged. */
  function goOnWithOurs(round: number): void {
    skipTo(round);
    onEvent({ kind: "notice", text: "nobody with the whole model is left: going on with what came of it" });
    isComplete = true;
  }

  return {
    run,
    get round() {
      return nextRound;
    },
    get isComplete() {
      return isComplete;
    },
    get replica() {
      return { round: nextRound, values: replica };
    },
    roomEmptied(wasMember) {
      isRoundVoid = true;
      // The last of them, and who paused, have what the training can go on with.
      if (!wasMember && !standing.isPaused) isComplete = false;
    },
  };
}
