/** Which training images come next: every image once per epoch, in a fresh seeded order each epoch. */
import { createRng, permutation, shuffle } from "../core/rng.ts";

export interface Sampler {
  /** The next `count` images, across the end of an epoch if need be. */
  next(count: number): Uint32Array;
}

export function createSampler(images: number, seed: number): Sampler {
  const rng = createRng(seed);
  const order = permutation(images, rng);
  let used = 0;

  function one(): number {
    if (used === images) {
      shuffle(order, rng);
      used = 0;
    }
    return order[used++] ?? 0;
  }

  return { next: (count) => Uint32Array.from({ length: count }, one) };
}
