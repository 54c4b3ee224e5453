/**
 * A whole training in virtual time: the round machine and the rules of a real run over simulated paths.
 * Seeded: the same options give the same numbers, to the last bit, on every machine.
 */
import { createRule } from "../core/averaging/rules.ts";
import type { AveragingRule } from "../core/averaging/rule.ts";
import { addDrops, noDrops } from "../core/drops.ts";
import type { Drops } from "../core/drops.ts";
import { encodingOf } from "../core/encoding.ts";
import { createPace } from "../core/pace.ts";
import type { Pace } from "../core/pace.ts";
import { valuesPerFragment } from "../core/packet.ts";
import { reliablePatience } from "../core/patience.ts";
import { createRng, mix } from "../core/rng.ts";
import type { Rng } from "../core/rng.ts";
import { createRoundMachine } from "../core/round.ts";
import type { RoundMachine, RoundResult } from "../core/round.ts";
import type { AveragingName } from "../core/task.ts";
import { pixelsPerImage } from "../training/data/data-set.ts";
import type { ImageSet } from "../training/data/data-set.ts";
import { createGlyphs } from "../training/data/glyphs.ts";
import { mean, quantile, relativeSpread } from "./figures.ts";
import { createSimulatedNetwork } from "./network.ts";
import type { SimulatedNetwork } from "./network.ts";
import { createToyLearner } from "./toy-learner.ts";
import type { ToyLearner } from "./toy-learner.ts";
import { createVirtualTime } from "./virtual-time.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { fairWeather } from "./weather.ts";
import type { Weather } from "./weather.ts";

export interface SimulationOptions {
  readonly peers: number;
  readonly rounds: number;
  readonly averaging?: AveragingName;
  readonly weather?: Partial<Weather>;
  readonly seed?: number;
  /** The last so many peers compute `slowFactor` times slower. */
  readonly slowPeers?: number;
  readonly slowFactor?: number;
  /** Peers that vanish at a round, without a word. */
  readonly deaths?: readonly { readonly peer: number; readonly round: number }[];
  readonly samplesPerRound?: number;
  readonly onRow?: (row: SimulationRow) => void;
}

export interface SimulationRow {
  readonly round: number;
  /** Mean training loss of the peers in their last rounds. */
  readonly loss: number;
  /** Validation accuracy: mean and least of the peers. */
  readonly accuracy: number;
  readonly worstAccuracy: number;
  /** How far replicas are apart: rms distance from their mean, relative to the mean's length. */
  readonly spread: number;
  /** Virtual seconds since the start. */
  readonly seconds: number;
}

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

interface Node {
  readonly index: number;
  readonly id: string;
  readonly machine: RoundMachine;
  readonly pace: Pace;
  readonly rng: Rng;
  readonly images: ImageSet;
  readonly slowness: number;
  replica: Float32Array;
  before: Float32Array;
  nextRound: number;
  lastWork: { trainMs: number; samples: number };
  loss: number;
  samples: number;
  finishedAt: number;
  isListening: boolean;
  isAlive: boolean;
}

interface World {
  readonly options: SimulationOptions;
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly learner: ToyLearner;
  readonly rule: AveragingRule;
  readonly nodes: Node[];
  readonly roundMs: number[];
  readonly cycleMs: number[];
  worstDeadlineUse: number;
}

/** Runs to the end; `onRow` is called about twenty times on the way. */
export function simulate(options: SimulationOptions): SimulationResult {
  const seed = options.seed ?? 1;
  const { world, validation } = createWorld(options, seed);
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

function createWorld(options: SimulationOptions, seed: number): { world: World; validation: ImageSet } {
  const time = createVirtualTime();
  const shard = (index: number) =>
    createGlyphs({ samplesPerShard: 512, validationSamples: 500, seed, shard: index });
  const first = shard(0);
  const pixels = pixelsPerImage(first.shape);
  const learner = createToyLearner(pixels);
  const encoding = encodingOf("f32");
  const rule = createRule(options.averaging ?? "rps", valuesPerFragment(encoding.bytesPerValue));
  const weather = weatherFor(options, rule);
  const network = createSimulatedNetwork({ time, seed, weatherOf: () => weather });
  const initial = learner.initial(createRng(mix(seed, 1)));
  const world: World = {
    options,
    time,
    network,
    learner,
    rule,
    nodes: [],
    roundMs: [],
    cycleMs: [],
    worstDeadlineUse: 0,
  };
  for (let index = 0; index < options.peers; index++) {
    const id = `peer-${index}`;
    const rng = createRng(mix(seed, 2, index));
    const machine = createRoundMachine({
      peerId: id,
      seed,
      valueCount: learner.parameterCount,
      encoding,
      reduce: rule.reduce,
      rng,
      ...(rule.channel === "reliable" ? { patience: reliablePatience(30_000) } : {}),
    });
    const isSlow = index >= options.peers - (options.slowPeers ?? 0);
    const node: Node = {
      index,
      id,
      machine,
      rng,
      pace: createPace({ samplesPerRound: options.samplesPerRound ?? 32 }),
      images: (index === 0 ? first : shard(index)).train,
      slowness: isSlow ? (options.slowFactor ?? 10) : 1,
      replica: initial.slice(),
      before: initial,
      nextRound: 0,
      lastWork: { trainMs: 0, samples: 0 },
      loss: NaN,
      samples: 0,
      finishedAt: 0,
      isListening: false,
      isAlive: true,
    };
    world.nodes.push(node);
    network.add({ peerId: id, machine, onResult: (result) => finishRound(world, node, result) });
  }
  const members = world.nodes.map((node) => node.id);
  for (const node of world.nodes) node.machine.install({ epoch: 1, fromRound: 0, members });
  return { world, validation: first.validation };
}

/** A reliable channel loses nothing; what the network loses comes a retransmission later. */
function weatherFor(options: SimulationOptions, rule: AveragingRule): Weather {
  const weather = { ...fairWeather, ...options.weather };
  if (rule.channel === "unreliable") return weather;
  const retransmissions = weather.loss / (1 - weather.loss);
  return { ...weather, loss: 0, jitterMs: weather.jitterMs + 200 * retransmissions * 2 };
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
  node.isListening = newest !== undefined && world.rule.name !== "gradient";
  if (node.isListening) node.before = parameters;
  const outgoing = node.isListening ? parameters : world.rule.outgoing(node.before, parameters);
  world.network.begin(node.id, node.nextRound, outgoing, node.isListening);
}

/** Dies after its scatters are on their way and before any gather: the worst moment for its block. */
function diesNow(world: World, node: Node): boolean {
  const death = world.options.deaths?.find(
    (entry) => entry.peer === node.index && entry.round <= node.nextRound,
  );
  if (!death) return false;
  const { parameters } = world.learner.train(node.replica, node.images, 1, learningRate, node.rng);
  world.network.begin(node.id, node.nextRound, parameters);
  node.isAlive = false;
  world.network.kill(node.id);
  return true;
}

function finishRound(world: World, node: Node, result: RoundResult): void {
  const now = world.time.now();
  node.replica = node.isListening ? result.values : world.rule.incoming(node.before, result.values);
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
