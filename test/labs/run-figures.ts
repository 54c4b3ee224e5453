/** A run from start to end, and the figures that docs and tests quote. */
import { addDrops, noDrops } from "../../shared/core/drops.ts";
import type { Drops } from "../../shared/core/drops.ts";
import type { Task } from "../../shared/core/task.ts";
import { mean, quantile } from "../../shared/simulation/figures.ts";
import { endOf, roundsOf } from "./peer-events.ts";
import type { EndEvent, RoundEvent } from "./peer-events.ts";
import { within } from "./real-time.ts";
import { startTraining } from "./training-run.ts";
import type { RunningPeer, Site, TrainingRun } from "./training-run.ts";

export interface RunFigures {
  /** Of each peer's own replica, on the whole validation set. */
  readonly accuracies: readonly number[];
  readonly losses: readonly number[];
  /** Means of those. */
  readonly accuracy: number;
  readonly loss: number;
  readonly rounds: number;
  /** Of one averaging, over all rounds of all peers. */
  readonly roundMsP50: number;
  readonly roundMsP99: number;
  /** From the first round to the last, the learning too. */
  readonly cycleMs: number;
  /** Share of a round's fragments that became averages. */
  readonly averagedShare: number;
  readonly sent: number;
  readonly received: number;
  readonly drops: Drops;
  /** What arrived at all, in time or not. */
  readonly deliveredShare: number;
  readonly seconds: number;
}

export async function runTraining(options: {
  readonly site: Site;
  readonly task: Task;
  readonly peers: number;
  readonly timeLimitMs: number;
  /** All links are up and nothing has been sent yet: let it rain. Connecting has tests of its own. */
  readonly onTraining?: () => void;
}): Promise<RunFigures> {
  const startedMs = performance.now();
  const run = await startTraining(options.site, options.task, options.peers);
  try {
    await run.until("everybody trains", () => run.peers.every(hasBegun), options.timeLimitMs);
    options.onTraining?.();
    const all = Promise.all(run.peers.map((peer) => peer.gone));
    await within(options.timeLimitMs, `${options.task.averaging} with ${options.peers} peers`, all);
    return figuresOf(run, options.task, (performance.now() - startedMs) / 1000);
  } finally {
    await run.close();
  }
}

function hasBegun({ events, child }: RunningPeer): boolean {
  const isTraining = events.some((event) => event.event === "state" && event.state === "training");
  return isTraining || child.exitCode !== null;
}

function figuresOf(run: TrainingRun, task: Task, seconds: number): RunFigures {
  const ends = run.peers.map((peer) => finishedEnd(endOf(peer.events)));
  const perPeer = run.peers.map((peer) => roundsOf(peer.events));
  const rounds = perPeer.flat();
  const accuracies = ends.map((end) => end.validation?.accuracy ?? NaN);
  const losses = ends.map((end) => end.validation?.loss ?? NaN);
  const roundTimes = rounds.map((round) => round.roundMs);
  const drops = noDrops();
  for (const end of ends) addDrops(drops, end.drops);
  const sent = total(ends.map((end) => end.sent));
  const received = total(ends.map((end) => end.received));
  const owed = task.rounds * owedInRound(ends.length, rounds[0]?.fragments ?? NaN);
  return {
    accuracies,
    losses,
    accuracy: mean(accuracies),
    loss: mean(losses),
    rounds: mean(perPeer.map((each) => each.length)),
    roundMsP50: quantile(roundTimes, 0.5),
    roundMsP99: quantile(roundTimes, 0.99),
    cycleMs: mean(perPeer.map(cycleMs)),
    averagedShare: mean(rounds.map((round) => round.averaged / round.fragments)),
    sent,
    received,
    drops,
    deliveredShare: 1 - (owed - accounted(received, drops)) / sent,
    seconds,
  };
}

/** Where all are members: each fragment goes to its owner from all others, and its average back to them. */
function owedInRound(members: number, fragments: number): number {
  return 2 * fragments * (members - 1);
}

/**
 * Of what members owe each other: what came, in time or not, and what was never sent. The rest is gone. That
 * is not `lost`: what comes two rounds late is in there and stale as well, but of a round that a peer leaves
 * out, having fallen behind, all is stale and nothing lost. What it does not send is late for the others. Two things
 * are not known: what others could not send to it in such a round, and what is late and then comes, which is stale, too.
 */
function accounted(received: number, { late, stale, unsent, rejected }: Drops): number {
  return received + late + stale + unsent + rejected;
}

function finishedEnd(end: EndEvent | undefined): EndEvent {
  if (end?.outcome === "finished") return end;
  throw new Error(`a peer did not finish: ${end?.reason ?? end?.outcome ?? "no end event"}`);
}

function cycleMs(rounds: readonly RoundEvent[]): number {
  const first = rounds[0]?.atMs ?? NaN;
  return ((rounds.at(-1)?.atMs ?? NaN) - first) / Math.max(1, rounds.length - 1);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** How far apart the replicas of a run ended: the range of their validation losses. */
export function disagreement({ losses }: RunFigures): number {
  return Math.max(...losses) - Math.min(...losses);
}
