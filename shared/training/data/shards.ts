/**
 * Who trains on what. Every sample belongs to exactly one shard, shards are of one size (but for a sample,
 * or one for each stretch), and each machine finds its own shard alone: from seed, number of samples and,
 * for splits by label, the labels.
 * Only operations that are exact on every machine are used (exact-math.ts), so that all find the same split.
 */
import type { DataSpec } from "../../core/task.ts";
import { createRng, mix, permutation } from "../../core/rng.ts";
import type { Rng } from "../../core/rng.ts";
import type { ByteRange } from "./data-source.ts";
import { drawDirichlet } from "./dirichlet.ts";

export type Sharding = Pick<Exclude<DataSpec, { readonly kind: "glyphs" }>, "shards" | "split" | "seed">;

/** Streams of the sharding's seed. */
const streams = { chance: 0, label: 1, holdOut: 2 } as const;

/** A shard by chance is so many stretches of the file (as far as there are samples): so many requests. */
const stretchesPerShard = 16;

/** Samples `from` … `from + length − 1`. */
export type Stretch = ByteRange;

/**
 * By chance: the samples are cut into stretches, which are dealt like cards. That is as good as dealing
 * single samples where their order means nothing, as in CIFAR-10 and MNIST, and a sixteenth of a shard
 * comes with one request.
 * @param shortest samples that a stretch should have, as far as that leaves one for each shard
 * @returns in the file's order; none empty
 */
export function stretchesOf(
  shard: number,
  count: number,
  { shards, seed }: Sharding,
  shortest = 1,
): readonly Stretch[] {
  const perShard = Math.max(1, Math.min(stretchesPerShard, Math.floor(count / shards / shortest)));
  const total = perShard * shards;
  const begin = (stretch: number) => Math.floor((stretch * count) / total);
  const order = permutation(total, createRng(mix(seed, streams.chance)));
  const own = wrap(shard, shards) * perShard;
  return [...order.subarray(own, own + perShard)]
    .toSorted((a, b) => a - b)
    .map((stretch) => ({ from: begin(stretch), length: begin(stretch + 1) - begin(stretch) }))
    .filter(({ length }) => length > 0);
}

/** By chance, sample by sample, for data that are read as a whole: their order may mean something. */
export function samplesByChance(shard: number, count: number, { shards, seed }: Sharding): Uint32Array {
  const order = permutation(count, createRng(mix(seed, streams.chance)));
  const [from, end] = bounds(wrap(shard, shards), count, shards);
  return order.slice(from, end).toSorted();
}

/**
 * By label, after Hsu, Qi and Brown, "Measuring the effects of non-identical data distribution for federated
 * visual classification" (2019): each shard draws its mixture of classes from Dirichlet(α·p), p the mixture
 * of the whole, and is filled by it; classes that are used up are left out. α = 100 is nearly the mixture of
 * the whole, α = 0.1 mostly one class; the last shards get what is left.
 */
export function samplesByLabel(
  shard: number,
  labels: Uint8Array,
  classes: number,
  alpha: number,
  { shards, seed }: Sharding,
): Uint32Array {
  const rng = createRng(mix(seed, streams.label));
  const piles = pilesOf(labels, classes);
  const concentrations = piles.map((pile) => (alpha * pile.length) / labels.length);
  const order = piles.map((pile) => permutation(pile.length, rng));
  const used = piles.map(() => 0);
  const own: number[] = [];
  const wanted = wrap(shard, shards);
  for (let at = 0; at <= wanted; at++) {
    const mixture = drawDirichlet(concentrations, rng);
    const [from, end] = bounds(at, labels.length, shards);
    for (let sample = from; sample < end; sample++) {
      const label = drawClass(mixture, (index) => (used[index] ?? 0) < (piles[index]?.length ?? 0), rng);
      const next = order[label]?.[used[label] ?? 0] ?? 0;
      used[label] = (used[label] ?? 0) + 1;
      if (at === wanted) own.push(piles[label]?.[next] ?? 0);
    }
  }
  return Uint32Array.from(own).toSorted();
}

export interface HoldOut {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** For data without a test split of their own: `held` samples are kept from everybody. */
export function holdOut(count: number, held: number, seed: number): HoldOut {
  const order = permutation(count, createRng(mix(seed, streams.holdOut)));
  return { validation: order.slice(0, held), train: order.slice(held).toSorted() };
}

/** As the task says; the labels are asked for only where they are needed. */
export async function samplesOf(
  shard: number,
  {
    count,
    classes,
    labels,
  }: { count: number; classes: number; labels: () => Promise<Uint8Array> | Uint8Array },
  sharding: Sharding,
): Promise<Uint32Array> {
  const { split } = sharding;
  if (split.by === "chance") return samplesByChance(shard, count, sharding);
  return samplesByLabel(shard, await labels(), classes, split.alpha, sharding);
}

/** @throws Error with one sentence when some shards would stay empty. */
export function assertEnough(file: string, count: number, { shards }: Sharding, what: string): void {
  if (count < shards)
    throw new Error(`${file}: ${count} ${what} to train on are too few for data.shards ${shards}`);
}

function wrap(shard: number, shards: number): number {
  return shard % shards;
}

function bounds(shard: number, count: number, shards: number): readonly [number, number] {
  return [Math.floor((shard * count) / shards), Math.floor(((shard + 1) * count) / shards)];
}

function pilesOf(labels: Uint8Array, classes: number): number[][] {
  const piles: number[][] = Array.from({ length: classes }, () => []);
  for (const [sample, label] of labels.entries()) piles[label]?.push(sample);
  return piles;
}

/** By the mixture among the classes that are left; where it gives those nothing, the first of them. */
function drawClass(mixture: readonly number[], isLeft: (index: number) => boolean, rng: Rng): number {
  const left = mixture.map((share, index) => (isLeft(index) ? share : 0));
  const sum = left.reduce((a, b) => a + b, 0);
  let draw = rng.float() * sum;
  let chosen = mixture.findIndex((_, index) => isLeft(index));
  for (const [index, share] of left.entries()) {
    if (share === 0) continue;
    chosen = index;
    draw -= share;
    if (draw < 0) break;
  }
  return chosen;
}
