/**
 * One whole training with simulated losses: workers that step in turn, then one exchange among them. It goes
 * in segments; each begins from a checkpoint with seeds of its own, so that a run that was killed at any
 * moment and goes on from the last one ends in the same result, bit by bit.
 */
import { setImmediate } from "node:timers/promises";
import type { FlatArray } from "../../shared/core/averaging/rule.ts";
import { createExchange } from "../../shared/simulation/exchange.ts";
import { relativeSpread } from "../../shared/simulation/figures.ts";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { evaluateRun } from "./evaluation.ts";
import type { RunResult } from "./run-result.ts";
import { keyOf, programVersion } from "./run-spec.ts";
import type { RunSpec } from "./run-spec.ts";
import { createWorkers } from "./workers.ts";
import type { Worker, Workers } from "./workers.ts";

export interface RunOptions {
  readonly source: DataSource | undefined;
  /** Where its checkpoint is kept. */
  readonly checkpointFile: string;
  readonly segmentRounds: number;
  /** Told at the start, too: where it goes on. */
  readonly onRound?: (done: number) => void;
}

const curvePoints = 200;

export async function runSimulated(spec: RunSpec, options: RunOptions): Promise<RunResult> {
  const { task } = spec;
  let state = readCheckpoint(options.checkpointFile, keyOf(spec), options.segmentRounds);
  options.onRound?.(state?.round ?? 0);
  let workers: Workers | undefined;
  while (!state || state.round < task.rounds) {
    workers ??= await workersFrom(spec, state, options.source);
    state = await runSegment(spec, workers, state, options);
    writeCheckpoint(options.checkpointFile, state);
  }
  return summarize(spec, state, options.source);
}

/** As they were at the checkpoint; those that go on from one segment to the next are in that state already. */
async function workersFrom(
  { task, workers: count }: RunSpec,
  from: Checkpoint | undefined,
  source: DataSource | undefined,
): Promise<Workers> {
  const workers = await createWorkers(task, count, source, from?.round ?? 0);
  const memories = from?.arrays.slice(1 + count) ?? [];
  for (const [at, memory] of memoriesOf(workers).entries()) memory.set(memories[at] ?? []);
  return workers;
}

/** From one checkpoint to the next. */
async function runSegment(
  spec: RunSpec,
  workers: Workers,
  from: Checkpoint | undefined,
  { segmentRounds, onRound }: RunOptions,
): Promise<Checkpoint> {
  const { task, workers: count, drop, meanBurst } = spec;
  const begun = process.cpuUsage();
  const firstRound = from?.round ?? 0;
  let { replicas, losses } = stateOf(workers, task.rounds, from);
  const exchange = createExchange({
    peers: count,
    valueCount: workers.initial.length,
    averaging: task.averaging,
    parity: task.parity,
    seed: task.seed,
    weather: { loss: drop, meanBurst },
    outages: spec.outages,
    ...(spec.valuesPerFragment ? { valuesPerFragment: spec.valuesPerFragment } : {}),
    firstRound,
    memory: from?.arrays.slice(1 + count + memoriesOf(workers).length) ?? [],
  });
  const moved = replicas.map((replica) => new Float32Array(replica.length));
  const end = Math.min(firstRound + segmentRounds, task.rounds);
  for (let round = firstRound; round < end; round++) {
    let lossSum = 0;
    for (const [index, worker] of workers.all.entries())
      lossSum += await moveFrom(replicas[index], moved[index], worker, round);
    losses[round] = lossSum / count;
    replicas = exchange.round(round, replicas, moved);
    onRound?.(round + 1);
    // Lets signals through.
    await setImmediate();
  }
  const { awaited, dropped } = exchange.account();
  const { user, system } = process.cpuUsage(begun);
  return {
    key: keyOf(spec),
    programVersion,
    segmentRounds,
    round: end,
    awaited: (from?.awaited ?? 0) + awaited,
    dropped: (from?.dropped ?? 0) + dropped,
    processorSeconds: (from?.processorSeconds ?? 0) + (user + system) / 1e6,
    sampleCount: workers.sampleCount,
    arrays: [losses, ...replicas, ...memoriesOf(workers), ...exchange.memory()],
  };
}

/** A worker's round, with what comes of it in `to`. */
function moveFrom(
  from: Float32Array = new Float32Array(),
  to: Float32Array = new Float32Array(),
  worker: Worker,
  round: number,
): Promise<number> {
  to.set(from);
  return worker.step(to, round);
}

const memoriesOf = ({ all }: Workers) => all.flatMap(({ optimizer }) => optimizer.memory);

/** In the order in which `runSegment` writes them. */
function stateOf(
  workers: Workers,
  rounds: number,
  from: Checkpoint | undefined,
): { replicas: Float32Array[]; losses: Float32Array } {
  if (!from) {
    const replicas = workers.all.map(() => workers.initial.slice());
    return { replicas, losses: new Float32Array(rounds) };
  }
  const [losses, ...rest] = from.arrays;
  return { replicas: rest.slice(0, workers.all.length).map(asFloats), losses: asFloats(losses) };
}

function asFloats(array: FlatArray | undefined): Float32Array {
  if (array instanceof Float32Array) return array;
  throw new Error("a checkpoint holds something else than a replica");
}

async function summarize(
  spec: RunSpec,
  state: Checkpoint,
  source: DataSource | undefined,
): Promise<RunResult> {
  const { task, workers } = spec;
  const [losses, ...replicas] = state.arrays.slice(0, 1 + workers).map(asFloats);
  const perRound = "samplesPerRound" in task.work ? task.work.samplesPerRound * workers : NaN;
  const roundsPerEpoch = state.sampleCount / perRound;
  const between = Math.max(1, Math.ceil(task.rounds / curvePoints));
  const curve: [number, number][] = [];
  for (let round = between; round <= task.rounds; round += between)
    curve.push([round / roundsPerEpoch, meanOf(losses, round - between, round)]);
  return {
    programVersion: state.programVersion,
    segmentRounds: state.segmentRounds,
    spec,
    epochs: task.rounds / roundsPerEpoch,
    curve,
    trainLoss: meanOf(
      losses,
      task.rounds - Math.ceil(Math.min(task.rounds / 4, roundsPerEpoch)),
      task.rounds,
    ),
    dropped: state.dropped / Math.max(1, state.awaited),
    spread: relativeSpread(replicas),
    evaluation: await evaluateRun(spec, replicas, source),
    processorSeconds: state.processorSeconds,
  };
}

function meanOf(values: Float32Array | undefined, from: number, end: number): number {
  const part = values?.subarray(from, end) ?? [];
  let sum = 0;
  for (const value of part) sum += value;
  return sum / part.length;
}
