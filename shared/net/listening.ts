/**
 * How a peer comes to the model of a training that others are in: it hears their averages until it has all of it
 * (a newcomer, who paused, who drifted) or until it is in step with them again (who fell behind).
 */
import type { Clock } from "../core/clock.ts";
import type { Come } from "../core/round.ts";
import type { View } from "../core/view.ts";
import type { Membership } from "./membership.ts";
import type { PeerOutcome } from "./peer-events.ts";
import type { Session } from "./session.ts";
import type { Standing } from "./standing.ts";
import { deaf, tooLateForGradients } from "./training-failures.ts";

/** What a peer has of the model and where it is in the training: learning and listening both move it on. */
export interface Progress {
  replica: Float32Array;
  /** The round that we are in, or about to enter. */
  round: number;
  /** Our replica belongs to a running training, and not just to the task's seed. */
  isComplete: boolean;
  /** Our round is of a training that is over: the room may be in an earlier one by now. */
  isRoundVoid: boolean;
}

export interface Listening {
  /** Completes the replica from the others' averages; then the server may put us into the next view. */
  listen(view: View): Promise<void>;
  /** Nothing of our replica counts as heard any more: we listen until all of it has come. */
  hearAgain(): void;
  /**
   * From the round that the others are in by now. What we learned meanwhile stays where the newest averages do not
   * replace it. We listen to a round's end, when the others begin to learn for the next one: who learns for a round
   * that they average in already is behind again.
   */
  catchUp(parameters: Float32Array, newest: number): Promise<void>;
}

export interface ListeningDeps {
  readonly progress: Progress;
  readonly session: Session;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly standing: Pick<Standing, "enter" | "enterPhase">;
  /** Neither ended nor told to pause: what only waits goes on. */
  readonly isOn: () => boolean;
  /** Of the newest view. */
  readonly isMember: () => boolean;
  readonly isMemberAt: (round: number) => boolean;
  /** Resolves at the next news from the server, after `ms` at the latest. */
  readonly news: (ms: number) => Promise<void>;
  readonly end: (outcome: PeerOutcome) => void;
  readonly notice: (text: string) => void;
}

const announceMs = 2_000;
/** Who waits for so long to hear anybody can't take part. */
const deafMs = 60_000;
/** Members that all wait for somebody with a whole model wait for so long. */
const leaderlessMs = 10_000;
const pollMs = 100;
/** A wait that took longer than this was a machine that slept, or a page that was frozen: nobody listened. */
const awakeMs = 1_000;

export function createListening(deps: ListeningDeps): Listening {
  const { progress: p, session: s, membership, clock, standing, isOn, isMember } = deps;
  /** 1 for every fragment that has not been heard yet. */
  let missing: Uint8Array = new Uint8Array(0);
  let announcedAt = -Infinity;
  /** That we have waited, awake, since a member was last heard. */
  let silentMs = 0;

  function hearAgain(): void {
    p.isComplete = false;
    missing = new Uint8Array(0);
  }

  async function listen(view: View): Promise<void> {
    standing.enter("listening");
    standing.enterPhase("catching up");
    if (s.rule.name === "gradient") return deps.end(tooLateForGradients);
    // That may take a while, and the room be another one by then.
    if (p.replica.length === 0) return void (p.replica = await s.trainer.initialParameters());
    if (p.isRoundVoid) hearAgain();
    if (missing.length !== s.machine.fragmentCount) start(view);
    if ((await listenOnce()) === "silence") return waitUntilHeard();
    p.isComplete ||= !missing.includes(1);
    if (!p.isComplete || !isOn() || isMember() || clock.now() < announcedAt + announceMs) return;
    announcedAt = clock.now();
    membership.ready({ round: p.round });
  }

  function start(view: View): void {
    missing = new Uint8Array(s.machine.fragmentCount).fill(1);
    p.round = p.isRoundVoid ? view.fromRound : Math.max(p.round, view.fromRound);
    p.isRoundVoid = false;
    s.machine.expect(p.round);
    silentMs = 0;
  }

  async function listenOnce(): Promise<"behind" | "heard" | "silence"> {
    const outcome = await s.exchange.average(p.round, p.replica, true);
    const hasHeard = outcome.kind === "finished" && outcome.result.averagedCount > 0;
    if (hasHeard || outcome.kind === "behind") silentMs = 0;
    // Broken off, too: no round begins twice.
    p.round = outcome.kind === "behind" ? outcome.newest : p.round + 1;
    if (outcome.kind === "aborted") return "silence";
    // Where rounds are shorter than the wait for a late packet we are behind before each of them is over.
    if (outcome.kind === "behind") {
      take(outcome.heard);
      return "behind";
    }
    take(outcome.result);
    return hasHeard ? "heard" : "silence";
  }

  function take(come: Come | undefined): void {
    if (!come) return;
    p.replica = come.values;
    for (let i = 0; i < missing.length; i++) if (come.averaged[i] === 1) missing[i] = 0;
  }

  /** Nothing came in a whole round: our count of rounds stops until somebody is in the next one, or beyond. */
  async function waitUntilHeard(): Promise<void> {
    s.machine.expect(p.round); // what comes of it is kept: who only looked where others are would be late again
    const isInStep = () => p.isComplete && deps.isMemberAt(p.round);
    standing.enterPhase("waiting for others");
    let seen = s.machine.newestRound();
    while (isOn() && s.machine.newestRound() < p.round && !p.isRoundVoid && !isInStep()) {
      // They are on their way to where we are.
      if (s.machine.newestRound() > seen) [seen, silentMs] = [s.machine.newestRound(), 0];
      const at = Math.max(p.round, membership.view?.fromRound ?? 0);
      if (silentMs > leaderlessMs && isMember() && s.machine.isLeaderless(at)) return goOnWithOurs(at);
      if (silentMs > deafMs) return deps.end(deaf);
      const fromMs = clock.now();
      await deps.news(pollMs);
      silentMs += Math.min(clock.now() - fromMs, awakeMs);
    }
    p.round = Math.max(p.round, s.machine.jumpTo() ?? 0);
  }

  /** The others do so as well; what each has heard so far is averaged. */
  function goOnWithOurs(round: number): void {
    p.round = round;
    s.machine.expect(round);
    deps.notice("nobody with the whole model is left: going on with what came of it");
    p.isComplete = true;
  }

  return {
    listen,
    hearAgain,
    async catchUp(parameters, newest) {
      [p.replica, p.round] = [parameters, newest];
      let isBehind = s.rule.name !== "gradient";
      // Once even if we pause: we hand over what we have then.
      for (let times = 0; isBehind && s.machine.viewFor(p.round) && (times === 0 || isOn()); times++)
        isBehind = (await listenOnce()) === "behind";
      s.machine.expect(p.round);
    },
  };
}
