/**
 * Integer-only randomness: xoshiro128** (Blackman & Vigna, 2018) seeded by a 32-bit mixer, so that every
 * engine on every machine draws the same numbers. Nothing that peers must agree on may use floating-point
 * functions such as Math.sin: their last bits differ between engines.
 */
export interface Rng {
  /** Uniform in 0 … 2³²−1. */
  u32(): number;
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform in 0 … n−1, without modulo bias. */
  below(n: number): number;
  /** Standard normal (Box–Muller): not bit-identical across engines, so only for local use. */
  normal(): number;
}

export function createRng(seed: number): Rng {
  let s0 = mix(seed, 0);
  let s1 = mix(seed, 1);
  let s2 = mix(seed, 2);
  let s3 = mix(seed, 3) | 1; // an all-zero state would stay zero
  let spare: number | undefined;

  function u32(): number {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotateLeft(s3, 11);
    return result;
  }

  function below(n: number): number {
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % n);
    let draw = u32();
    while (draw >= limit) draw = u32();
    return draw % n;
  }

  function float(): number {
    return ((u32() >>> 5) * 0x400_0000 + (u32() >>> 6)) / 0x20_0000_0000_0000;
  }

  function normal(): number {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - float()));
    const angle = 2 * Math.PI * float();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  return { u32, float, below, normal };
}

/** Hashes u32 words into one, so that (seed, epoch, round) becomes a seed of its own. */
export function mix(...words: readonly number[]): number {
  let hash = 0x9e37_79b9;
  for (const word of words) hash = scramble((Math.imul(hash, 0x85eb_ca6b) + (word >>> 0)) | 0);
  return hash >>> 0;
}

/** A uniform permutation of 0 … n−1 (Fisher–Yates from the top). */
export function permutation(n: number, rng: Rng): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  shuffle(order, rng);
  return order;
}

export function shuffle(items: Uint32Array, rng: Rng): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const held = items[i] ?? 0;
    items[i] = items[j] ?? 0;
    items[j] = held;
  }
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** The 32-bit finaliser of MurmurHash3. */
function scramble(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}
