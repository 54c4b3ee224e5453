/**
 * The training loop of one peer: learn, average, repeat; listening.ts is for when others are ahead. Knows the
 * replica and the round; membership, links and reports are peer.ts's business.
 */
import { offerOf } from "../core/averaging/offer.ts";
import type { RoundResult } from "../core/round.ts";
import type { View } from "../core/view.ts";
import { createListening } from "./listening.ts";
import type { Progress } from "./listening.ts";
import { waitingInWords } from "./phase.ts";
import { sketchOf } from "./sketch.ts";
import { createSketching } from "./sketching.ts";
import type { Replica } from "./model-upload.ts";
import { divergence } from "./training-failures.ts";
import type { TrainingLoop, TrainingLoopDeps } from "./training-loop-interface.ts";
import { createValidating } from "./validating.ts";

/** A member that is alone in its rounds does one in this time, or in twice what it learns for. */
const lonelyRoundMs = 5_000;
const pollMs = 100;
/** Peers that come together need not be told that they wait. */
const saysWaitingMs = 1_000;
/** A peer that pauses does its part of the averaging until it is out of the view, for so long at most. */
const handoverMs = 5_000;

export function createTrainingLoop(deps: TrainingLoopDeps): TrainingLoop {
  const { session: s, membership, peerId, meters, clock, standing, end, onEvent } = deps;
  const { enter, enterPhase } = standing;
  const validating = createValidating(s, meters, onEvent);
  const sketching = createSketching(deps.mesh, meters, s.task.seed);
  const p: Progress = { replica: new Float32Array(0), round: 0, isComplete: false, isRoundVoid: false };
  const listening = createListening({
    ...deps,
    progress: p,
    isOn,
    isMember,
    isMemberAt,
    notice,
  });
  /** Of the last round that we learned in. */
  let trainMs = 0;
  /** A pause that comes and goes within a round is one, too: the server has taken us out of its next view. */
  let pausesDone = 0;

  async function run(): Promise<void> {
    while (!deps.isOver() && p.round < s.task.rounds) {
      if (deps.mesh.hasDrifted() && s.rule.name !== "gradient") returnFromDrift();
      const view = s.machine.viewFor(p.round) ?? membership.view;
      if (standing.pauses > pausesDone) await pause();
      else if (!view || view.members.length === 0) await startAfresh();
      else if (p.isComplete && isMemberAt(p.round)) await takePart(view);
      else await listening.listen(view);
    }
    if (!deps.isOver()) end({ kind: "finished", validation: await validating.final(p.replica, p.round) });
  }

  function notice(text: string): void {
    onEvent({ kind: "notice", text });
  }

  /** Neither ended nor told to pause: what only waits goes on. */
  function isOn(): boolean {
    return !deps.isOver() && standing.pauses === pausesDone;
  }

  function isMember(): boolean {
    return membership.view?.members.includes(peerId) ?? false;
  }

  function isMemberAt(round: number): boolean {
    return s.machine.viewFor(round)?.members.includes(peerId) ?? false;
  }

  async function pause(): Promise<void> {
    const isInStep = await handOver();
    while (!deps.isOver() && standing.isPaused) await deps.news(1_000);
    pausesDone = standing.pauses;
    // Rounds that are left of an older view nobody else may go through any more.
    const isInView = isMemberAt(p.round) && (isInStep || isMember());
    // A short pause: the server may not have made the view without us yet.
    if (isInView && p.isComplete) membership.ready({ round: p.round });
    // The others went on without us. If there are none, or the server knows of none, ours is the newest model.
    if (isInView || !membership.view?.members.length) return;
    listening.hearAgain();
  }

  function returnFromDrift(): void {
    notice("our model has drifted from the others': catching up with them");
    listening.hearAgain();
  }

  /** The others wait for our part until the view without us holds. True when the pause is over by then. */
  async function handOver(): Promise<boolean> {
    const until = clock.now() + handoverMs;
    const isAwaited = () =>
      p.isComplete && isMemberAt(p.round) && (s.machine.viewFor(p.round)?.members.length ?? 0) > 1;
    while (!deps.isOver() && standing.isPaused && isAwaited() && clock.now() < until) {
      await deps.news(trainMs); // at the room's pace: rounds in which nobody learns would fly by
      await averageWith(p.replica, p.replica);
    }
    return !standing.isPaused;
  }

  /** Nobody trains: the model is ours where we paused or kept one, else the task's, and we are ready. */
  async function startAfresh(): Promise<void> {
    enter("connecting");
    const isLive = p.isComplete && p.round > 0;
    if (!isLive) await takeModel(await deps.remembered());
    if (!isOn()) return;
    const own = p.round;
    s.machine.expect(own);
    const before = membership.view;
    membership.ready({ round: own, ...(own > 0 && { sketch: sketchOf(p.replica, s.task.seed) }) });
    enterPhase("waiting for others");
    const { minPeers } = s.task;
    const cancel = clock.after(saysWaitingMs, () => minPeers > 1 && notice(waitingInWords(minPeers)));
    // A server that was restarted has no view at first; it is told again that we are ready.
    while (isOn() && (!membership.view || membership.view === before)) await deps.news(5_000);
    cancel();
    if (!isOn() || !membership.view?.members.length) return;
    const from = isMember() ? (membership.view?.fromRound ?? 0) : 0;
    p.isRoundVoid = false;
    if (own > 0 && isMember() && from === 0) await takeModel();
    p.round = from;
    // Another start belongs to a model that others have: it has to be listened to first.
    p.isComplete = isMember() && (from === own || from === 0);
    if (!p.isComplete) listening.hearAgain();
    s.machine.expect(p.round);
  }

  async function takeModel(kept?: Replica): Promise<void> {
    enterPhase("connecting");
    p.replica = kept?.values ?? (await s.trainer.initialParameters());
    p.round = kept?.round ?? 0;
  }

  /** Cut off from all others, or not met by any in the last round: we go on, but do not run ahead of them. */
  async function takePart(view: View): Promise<void> {
    const until = clock.now() + Math.max(lonelyRoundMs, trainMs);
    const isAlone = () => view.members.length > 1 && s.machine.isAhead(p.round) && isOn();
    const isReplaced = () => s.machine.viewFor(p.round)?.epoch !== view.epoch;
    if (isAlone()) enterPhase("waiting for others");
    while (isAlone() && !isLastOf(view) && !isReplaced() && clock.now() < until) await deps.news(pollMs);
    if (isLastOf(view)) return skipTo(membership.view?.fromRound ?? p.round);
    if (isReplaced()) return;
    const startedAt = clock.now();
    await trainAndAverage();
    await rest(startedAt);
  }

  /** The next view is there and keeps nobody of this one but us: its rounds before that have no other end. */
  function isLastOf(view: View): boolean {
    const next = membership.view;
    if (!next || next.epoch <= view.epoch || next.fromRound <= p.round) return false;
    return isMember() && view.members.every((id) => id === peerId || !next.members.includes(id));
  }

  function skipTo(round: number): void {
    p.round = round;
    s.machine.expect(round);
  }

  async function rest(startedAt: number): Promise<void> {
    const left = () => startedAt + s.pace.leastCycleMs(trainMs) - clock.now();
    while (isOn() && left() > 0) await deps.news(left());
  }

  async function trainAndAverage(): Promise<void> {
    enter("training");
    enterPhase("training");
    const before = p.replica;
    const local = await s.trainer.train(before, {
      round: p.round,
      samples: s.pace.samples,
      ...validating.due(),
    });
    const failure = divergence(p.round, local);
    if (failure) return end(failure);
    meters.learned(local, clock.now());
    trainMs = local.trainMs;
    validating.note(local, p.round);
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
    const { outgoing, kept } = offerOf(s.rule, s.machine.turnOf(p.round), before, after);
    if (newest !== undefined) {
      await listening.catchUp(kept ?? after, newest);
      return "late";
    }
    if (!isMemberAt(p.round)) return undefined;
    enterPhase("averaging");
    const averaged = await s.exchange.average(p.round, outgoing, false, kept);
    if (averaged.kind === "behind") await listening.catchUp(kept ?? after, averaged.newest);
    if (averaged.kind !== "finished") return undefined;
    p.replica = s.rule.incoming(before, averaged.result.values, averaged.result.averaged);
    meters.averaged(averaged.result, clock.now());
    p.round += 1;
    sketching.averaged(p.round, p.replica, before, after);
    return averaged.result;
  }

  return {
    run,
    get round() {
      return p.round;
    },
    get isComplete() {
      return p.isComplete;
    },
    get replica() {
      return { round: p.round, values: p.replica };
    },
    roomEmptied(wasMember) {
      p.isRoundVoid = true;
      // The last of them, and who paused, have what the training can go on with.
      if (!wasMember && !standing.isPaused) p.isComplete = false;
    },
  };
}
