/** What peers' JSON lines say about a fault: waits, views, rounds that were lost. Times are this process's. */
import type { RunningPeer, TrainingRun } from "../../test/labs/training-run.ts";
import { roundsOf } from "../../test/labs/peer-events.ts";
import type { RoundEvent } from "../../test/labs/peer-events.ts";
import { pause } from "../../test/labs/real-time.ts";
import { quantile } from "../../shared/simulation/figures.ts";
import type { Check } from "./row.ts";

export const now = (): number => performance.now();
export const newest = (peer: RunningPeer): RoundEvent | undefined =>
  peer.events.findLast((event) => event.event === "round");
export const epochOf = (peer: RunningPeer): number => newest(peer)?.epoch ?? -1;
export const newestEpoch = (peers: readonly RunningPeer[]): number => Math.max(...peers.map(epochOf));
const since = (peer: RunningPeer, ms: number) => roundsOf(peer.events).filter(({ atMs }) => atMs >= ms);

/** Everybody trains, and has for a few rounds. */
export async function warmedUp(run: TrainingRun, rounds = 20): Promise<void> {
  const { peers } = run;
  await run.until("training", () => peers.every((peer) => (newest(peer)?.round ?? 0) >= rounds), 120_000);
}

/** Resolves with the time, or NaN where it does not become true. Looks often enough for tenths of a second. */
export async function becomes(isTrue: () => boolean, mostMs: number): Promise<number> {
  const end = now() + mostMs;
  while (!isTrue()) {
    if (now() > end) return NaN;
    await pause(25);
  }
  return now();
}

/** In seconds. Later views are waited for a little: several deaths may come to be known one by one. */
export async function outOfView(
  survivors: readonly RunningPeer[],
  epochBefore: number,
  fromMs: number,
): Promise<Check> {
  const hasNew = () => survivors.every((peer) => epochOf(peer) > epochBefore || peer.child.exitCode !== null);
  await becomes(hasNew, 20_000);
  await pause(1_500);
  const last = Math.max(...survivors.map(epochOf));
  const firsts = survivors.map((peer) => roundsOf(peer.events).find(({ epoch }) => epoch === last)?.atMs);
  const seconds = Math.max(...firsts.map((at) => (at === undefined ? NaN : (at - fromMs) / 1_000)));
  return {
    what: "dead peers out of the view after",
    unit: "s",
    measured: last > epochBefore ? seconds : NaN,
    most: 12,
  };
}

/** The longest averaging since, in its own deadline; the timers of a busy machine are a little late. */
export function longestWait(peers: readonly RunningPeer[], fromMs: number): Check {
  const rounds = peers.flatMap((peer) => since(peer, fromMs));
  return {
    what: "longest averaging of a survivor",
    unit: "of its deadline",
    measured: rounds.length > 0 ? Math.max(...rounds.map((round) => round.roundMs / round.deadlineMs)) : NaN,
    most: 1.05,
  };
}

/** From one finished round to the next, the learning too: of all that these peers did, in ms. */
export function cyclesOf(of: readonly RunningPeer[], fromMs: number, toMs: number): readonly number[] {
  return of.flatMap((peer) => {
    const ends = since(peer, fromMs).flatMap(({ atMs }) => (atMs <= toMs ? [atMs] : []));
    return ends.slice(1).map((at, i) => at - (ends[i] ?? at));
  });
}

/** That quantile of them. */
export function cycle(of: readonly RunningPeer[], fromMs: number, toMs: number, share: number): number {
  return quantile(cyclesOf(of, fromMs, toMs), share);
}

/** That a peer has finished. */
export function roundsBetween(peer: RunningPeer, fromMs: number, toMs: number): number {
  return since(peer, fromMs).filter(({ atMs }) => atMs <= toMs).length;
}

/** Seconds in which some peer finished no round. */
export function longestPause(peers: readonly RunningPeer[], fromMs: number, toMs = now()): number {
  const pauses = peers.flatMap((peer) => {
    const ends = [fromMs, ...since(peer, fromMs).map(({ atMs }) => Math.min(atMs, toMs)), toMs];
    return ends.slice(1).map((at, i) => at - (ends[i] ?? at));
  });
  return Math.max(...pauses) / 1_000;
}

/** Rounds of the training that a peer went past without having averaged in them. */
export function roundsLost(peers: readonly RunningPeer[], fromMs: number, toMs: number): number {
  return peers.reduce((sum, peer) => {
    const rounds = since(peer, fromMs).filter(({ atMs }) => atMs <= toMs);
    const span = (rounds.at(-1)?.round ?? 0) - (rounds[0]?.round ?? 0);
    return rounds.length === 0 ? Infinity : sum + span - (rounds.length - 1);
  }, 0);
}

/** All of them in one view, and everything that a round exchanges arrives at everybody. In seconds. */
export async function wholeAgain(
  peers: readonly RunningPeer[],
  fromMs: number,
  mostMs = 40_000,
): Promise<number> {
  const isWhole = (peer: RunningPeer) => {
    const last = newest(peer);
    return last !== undefined && last.atMs > fromMs && last.averaged === last.fragments;
  };
  const areOne = () => new Set(peers.map(epochOf)).size === 1;
  return ((await becomes(() => areOne() && peers.every(isWhole), mostMs)) - fromMs) / 1_000;
}

/** Accuracy of the worst survivor against a run without faults, in points. */
export async function accuracyLost(
  survivors: readonly RunningPeer[],
  unharmed: number,
  mostMs: number,
): Promise<Check> {
  const ends = () =>
    survivors.map(({ events }) =>
      events.find((event) => event.event === "end" && event.outcome === "finished"),
    );
  await becomes(() => ends().every(Boolean), mostMs);
  const points = ends().map((end) => {
    const accuracy = end?.event === "end" ? end.validation?.accuracy : undefined;
    return accuracy === undefined ? NaN : 100 * (unharmed - accuracy);
  });
  return {
    what: "accuracy below a run without faults, the worst survivor's",
    unit: "points",
    measured: Math.max(...points),
    most: 0.5,
  };
}
