/**
 * A whole training in virtual time: the round machine and the rules of a real run over simulated paths.
 * Seeded: the same options give the same numbers, to the last bit, on every machine.
 */
import { offerOf } from "../core/averaging/offer.ts";
import { addDrops, noDrops } from "../core/drops.ts";
import type { Drops } from "../core/drops.ts";
import type { RoundResult } from "../core/round.ts";
import type { ImageSet } from "../training/data/data-set.ts";
import { mean, quantile, relativeSpread } from "./figures.ts";
import { createWorld } from "./world.ts";
import type { SimulatedNode as Node, SimulationOptions, SimulationRow, World } from "./world.ts";

export type { SimulationOptions, SimulationRow } from "./world.ts";

export interface SimulationResult {
  readonly rows: readonly SimulationRow[];
  /** Virtual time of one averaging (ms): all rounds of all peers. */
  readonly roundMsP50: number;
  readonly roundMsP99: number;
  /** From one finished round of a peer to its next, learning included. */
  readonly cycleMsP50: number;
  /** The most that a round used of its deadline, 0..1. */
  readonly worstDeadlineUse: number;
  readonly sent: number;
  readonly received: number;
  readonly drops: Drops;
  readonly samplesPerPeer: readonly number[];
}

const msPerSample = 1;
const learningRate = 0.15;

/** Runs to the end; `onRow` is called about twenty times on the way. */
export function simulate(options: SimulationOptions): SimulationResult {
  const seed = options.seed ?? 1;
  const { world, validation } = createWorld(options, seed, finishRound);
  const rows: SimulationRow[] = [];
  const every = Math.max(1, Math.ceil(options.rounds / 20));
  for (const node of world.nodes) startLearning(world, node);
  for (let target = Math.min(every, options.rounds); ; target = Math.min(target + every, options.rounds)) {
    world.time.runUntil(() => newestRound(world) >= target);
    const row = makeRow(world, validation);
    rows.push(row);
    options.onRow?.(row);
    if (target >= options.rounds || newestRound(world) < target) break;
  }
  return summarize(world, rows);
}

function startLearning(world: World, node: Node): void {
  if (node.nextRound >= world.options.rounds || !node.isAlive) return;
  node.machine.expect(node.nextRound);
  const samples = node.pace.samples;
  const trainMs = samples * msPerSample * node.slowness * (0.9 + 0.2 * node.rng.float());
  world.time.after(trainMs, () => beginRound(world, node, samples, trainMs));
}

function beginRound(world: World, node: Node, samples: number, trainMs: number): void {
  if (diesNow(world, node)) return;
  const { parameters, loss } = world.learner.train(
    node.replica,
    node.images,
    samples,
    learningRate,
    node.rng,
  );
  node.before = node.replica;
  node.loss = loss;
  node.samples += samples;
  node.lastWork = { trainMs, samples };
  const newest = node.machine.jumpTo();
  node.nextRound = newest ?? node.nextRound;
  // Gathers of gradients say nothing about where the others' models are.
  node.isListening = newest !== undefined && node.rule.name !== "gradient";
  const turn = node.machine.turnOf(node.nextRound);
  const { outgoing, kept } = offerOf(node.rule, turn, node.before, parameters);
  if (node.isListening) node.before = kept ?? parameters;
  if (node.isListening) world.network.begin(node.id, node.nextRound, node.before, true);
  else world.network.begin(node.id, node.nextRound, outgoing, false, kept);
}

/** Dies after its scatters are on their way and before any gather: the worst moment for its block. */
function diesNow(world: World, node: Node): boolean {
  const death = world.options.deaths?.find(
    (entry) => entry.peer === node.index && entry.round <= node.nextRound,
  );
  if (!death) return false;
  const { parameters } = world.learner.train(node.replica, node.images, 1, learningRate, node.rng);
  const turn = node.machine.turnOf(node.nextRound);
  const { outgoing, kept } = offerOf(node.rule, turn, node.replica, parameters);
  world.network.begin(node.id, node.nextRound, outgoing, false, kept);
  node.isAlive = false;
  const { noticeMs } = world.options;
  world.network.kill(node.id, noticeMs);
  if (noticeMs !== undefined) world.time.after(noticeMs, () => dropTheDead(world));
  return true;
}

/** As a server does: the survivors switch together, in a round that none of them has begun. */
function dropTheDead(world: World): void {
  const alive = world.nodes.filter((node) => node.isAlive);
  const fromRound = Math.max(...alive.map((node) => node.nextRound)) + 2;
  world.epoch += 1;
  const view = { epoch: world.epoch, fromRound, members: alive.map((node) => node.id) };
  for (const node of alive) node.machine.install(view);
}

function finishRound(world: World, node: Node, result: RoundResult): void {
  const now = world.time.now();
  node.replica = node.isListening
    ? result.values
    : node.rule.incoming(node.before, result.values, result.averaged);
  world.roundMs.push(result.roundMs);
  if (node.finishedAt > 0) world.cycleMs.push(now - node.finishedAt);
  world.worstDeadlineUse = Math.max(world.worstDeadlineUse, result.roundMs / result.deadlineMs);
  node.finishedAt = now;
  node.nextRound = result.round + 1;
  if (!node.isListening) node.pace.update({ ...node.lastWork, lagMs: result.lagMs, roundMs: result.roundMs });
  startLearning(world, node);
}

/** Where the bulk of the living peers is. */
function newestRound(world: World): number {
  const rounds = world.nodes.filter((node) => node.isAlive).map((node) => node.nextRound);
  return rounds.toSorted((a, b) => a - b)[Math.floor(rounds.length / 4)] ?? Infinity;
}

function makeRow(world: World, validation: ImageSet): SimulationRow {
  const alive = world.nodes.filter((node) => node.isAlive);
  const accuracies = alive.map((node) => world.learner.accuracy(node.replica, validation));
  const losses = alive.map((node) => node.loss).filter((loss) => Number.isFinite(loss));
  return {
    round: newestRound(world),
    loss: mean(losses),
    accuracy: mean(accuracies),
    worstAccuracy: Math.min(...accuracies),
    spread: relativeSpread(alive.map((node) => node.replica)),
    seconds: world.time.now() / 1000,
  };
}

function summarize(world: World, rows: readonly SimulationRow[]): SimulationResult {
  const figures = {
    roundMsP50: quantile(world.roundMs, 0.5),
    roundMsP99: quantile(world.roundMs, 0.99),
    cycleMsP50: quantile(world.cycleMs, 0.5),
    worstDeadlineUse: world.worstDeadlineUse,
    samplesPerPeer: world.nodes.map((node) => node.samples),
  };
  return { rows, ...figures, ...account(world) };
}

/** Of whole rounds: what is on its way at the end still arrives, else it would count as late. */
function account(world: World): Pick<SimulationResult, "sent" | "received" | "drops"> {
  world.time.runUntil(() => false);
  const drops = noDrops();
  let sent = 0;
  let received = 0;
  for (const node of world.nodes) {
    node.machine.conclude();
    for (const other of world.nodes) {
      const counts = node.machine.counts(other.id);
      if (!counts) continue;
      sent += counts.sent;
      received += counts.received;
      addDrops(drops, counts.drops);
    }
  }
  return { sent, received, drops };
}
