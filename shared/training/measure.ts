/** How fast the current backend is: a matrix product, and a convolution's step, each with its gradient where it has one. */
import * as tf from "@tensorflow/tfjs-core";
import type { Clock } from "../core/clock.ts";
import { convolution } from "./ops/convolution.ts";

export interface Speed {
  /** 10⁹ multiplications and additions a second, counted as two. */
  readonly matrixGflops: number;
  /** Forward, and both gradients. */
  readonly convolutionGflops: number;
}

/** A run this long is measured well enough. */
const enoughMs = 50;
const repetitions = 3;

/** Takes a second or two on a processor: sizes grow until a run takes long enough. */
export async function measureSpeed(clock: Pick<Clock, "now">): Promise<Speed> {
  return {
    matrixGflops: await fastest(clock, [64, 256, 1024, 2048], multiply),
    convolutionGflops: await fastest(clock, [1, 8, 64], convolve),
  };
}

interface Work {
  readonly flops: number;
  run(): tf.Tensor;
  dispose(): void;
}

/** The rate at the largest size that was reached, the best of some runs. */
async function fastest(
  clock: Pick<Clock, "now">,
  sizes: readonly number[],
  make: (size: number) => Work,
): Promise<number> {
  let gflops = 0;
  for (const size of sizes) {
    const work = make(size);
    let bestMs = Infinity;
    for (let run = 0; run <= repetitions; run++) {
      const ms = await timed(clock, work);
      // The first one compiles, but what is too slow for a second one counts, too.
      if (run > 0 || ms > 10 * enoughMs) bestMs = Math.min(bestMs, ms);
      if (ms > 10 * enoughMs) break;
    }
    work.dispose();
    gflops = work.flops / bestMs / 1e6;
    if (bestMs > enoughMs) break;
  }
  return gflops;
}

async function timed(clock: Pick<Clock, "now">, work: Work): Promise<number> {
  const startedMs = clock.now();
  const result = tf.tidy(() => work.run());
  // A GPU has only been asked until something is read.
  await result.data();
  result.dispose();
  return clock.now() - startedMs;
}

function multiply(size: number): Work {
  const [a, b] = [filled([size, size]), filled([size, size])];
  return {
    flops: 2 * size ** 3,
    // One number is read, so that reading costs nothing.
    run: () => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]),
    dispose: () => tf.dispose([a, b]),
  };
}

/** A layer of ResNet-20's first stage: 16 channels of 32 × 32. */
function convolve(batch: number): Work {
  const x = filled<tf.Rank.R4>([batch, 32, 32, 16]);
  const filter = filled<tf.Rank.R4>([3, 3, 16, 16]);
  const gradients = tf.grads((images: tf.Tensor, weights: tf.Tensor) =>
    tf.sum(convolution(tf.reshape(images, x.shape), tf.reshape(weights, filter.shape), 1)),
  );
  return {
    flops: 3 * 2 * batch * 32 * 32 * 9 * 16 * 16,
    run: () => tf.addN(gradients([x, filter]).map((gradient) => tf.sum(gradient))),
    dispose: () => tf.dispose([x, filter]),
  };
}

/** Small numbers of both signs; all zeros would be faster than anything real. */
function filled<Rank extends tf.Rank>(shape: tf.ShapeMap[Rank]): tf.Tensor<Rank> {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, index) => ((index * 7919) % 1000) / 1000 - 0.5);
  return tf.tensor<Rank>(values, shape, "float32");
}
