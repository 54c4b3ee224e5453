/**
 * The trainings of the paper's figures: 16 workers, plain SGD without momentum or regularisation, warm-up,
 * and the rate a tenth of itself twice. The paper prints no learning rates: docs/results says where these are from.
 */
import { parseTask } from "../../shared/core/task.ts";
import type { AveragingName, Task } from "../../shared/core/task.ts";

export interface Variant {
  readonly averaging: AveragingName;
  readonly seed: number;
  readonly workers: number;
  /** Samples of each worker in a round. */
  readonly batch: number;
  readonly rounds: number;
  /** A smaller model of the same kind, and a part of the pictures, for tests of a claim alone. */
  readonly isSmall?: boolean;
  /** In place of the task's own. */
  readonly warmupRounds?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly momentum?: number | undefined;
}

/** One layer of LSTM for slots and intents, on the 4,478 training sentences of ATIS. */
export function atisTask(variant: Variant): Task {
  const { averaging, seed, workers, batch, rounds, isSmall = false } = variant;
  const width = isSmall ? 32 : 64;
  return parseTask({
    name: "paper-atis",
    model: { kind: "lstm", embedding: width, hidden: width, dropout: 0, hideWords: 0 },
    data: { kind: "atis", shards: workers, seed: 1 },
    optimizer: optimizerOf(variant, 4, 20),
    batch,
    work: { samplesPerRound: batch },
    averaging,
    seed,
    rounds,
  });
}

const smallDepth = { 20: 8, 110: 14 } as const;
/** More than the workers take: reading pictures would be most of a small training. */
const smallShards = 64;

/** He et al.'s form of a ResNet. Batches of 32 on 16 workers make an epoch of CIFAR-10 97.7 rounds. */
export function cifarTask(depth: 20 | 110, variant: Variant): Task {
  const { averaging, seed, workers, batch, rounds, isSmall = false } = variant;
  const shards = isSmall ? smallShards : workers;
  return parseTask({
    name: `paper-resnet${depth}`,
    model: { kind: "resnet", depth: isSmall ? smallDepth[depth] : depth },
    data: { kind: "cifar10", shards, seed: 1, augmentation: "none", validationSamples: 1 },
    optimizer: optimizerOf(variant, 1, 8),
    batch,
    work: { samplesPerRound: batch },
    averaging,
    seed,
    rounds,
  });
}

/** A worker's share of the digits: alike, or its classes mixed by Dirichlet(0.3). */
export type ShardKind = "alike" | "apart";

/**
 * A small CNN on MNIST, for studies that need many trainings. Without batch norm its loss shoots up at first, and
 * what comes of that is chance: so its warm-up is long and its rate a quarter of the best one (figures/tuned.ts).
 */
export function mnistTask(variant: Variant, shardKind: ShardKind, parity = 0): Task {
  const { averaging, seed, workers, batch, rounds } = variant;
  return parseTask({
    name: `digits-${shardKind}`,
    model: { kind: "cnn", channels: [8, 16, 16] },
    data: {
      kind: "mnist",
      shards: workers,
      seed: 1,
      split: shardKind === "alike" ? { by: "chance" } : { by: "label", alpha: 0.3 },
    },
    optimizer: optimizerOf(variant, 0.05, 5),
    batch,
    work: { samplesPerRound: batch },
    averaging,
    parity,
    seed,
    rounds,
  });
}

/** Of its fragments: a block of the small CNN has about as many as one of a ResNet-20. */
export const mnistValuesPerFragment = 16;

/** @param warmup which part of the rounds it takes */
function optimizerOf(variant: Variant, usualRate: number, warmup: number) {
  const { rounds, learningRate = usualRate, momentum = 0 } = variant;
  const { warmupRounds = Math.round(rounds / warmup) } = variant;
  return { kind: "sgd", learningRate, momentum, warmupRounds, decay: "steps" } as const;
}
