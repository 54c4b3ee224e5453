/** The linear yardstick: softmax regression on raw pixels, SGD with a rate that falls to 0. */
import { createRng } from "../../shared/core/rng.ts";
import { pixelsPerImage } from "../../shared/training/data/data-set.ts";
import type { ImageData, ImageSet } from "../../shared/training/data/data-set.ts";

/** Validation accuracy, 0 … 1, after `epochs` passes. */
export function linearAccuracy({ shape, classes, train, validation }: ImageData, epochs: number): number {
  const pixels = pixelsPerImage(shape);
  const weights = new Float64Array((pixels + 1) * classes);
  const rng = createRng(3);

  function scores(set: ImageSet, image: number): Float64Array {
    const sums = weights.slice(pixels * classes);
    for (let p = 0; p < pixels; p++) {
      const value = (set.pixels[image * pixels + p] ?? 0) / 255;
      for (let c = 0; c < classes; c++) sums[c] = (sums[c] ?? 0) + value * (weights[p * classes + c] ?? 0);
    }
    return sums;
  }

  function learn(image: number, rate: number): void {
    const values = scores(train, image);
    const largest = Math.max(...values);
    const powers = values.map((value) => Math.exp(value - largest));
    const total = powers.reduce((sum, value) => sum + value, 0);
    const errors = powers.map((value, c) => value / total - (c === train.labels[image] ? 1 : 0));
    for (let p = 0; p <= pixels; p++) {
      const step = p === pixels ? rate : (rate * (train.pixels[image * pixels + p] ?? 0)) / 255;
      for (let c = 0; c < classes; c++) {
        const index = p * classes + c;
        weights[index] = (weights[index] ?? 0) - step * (errors[c] ?? 0);
      }
    }
  }

  const steps = epochs * train.count;
  for (let step = 0; step < steps; step++) learn(rng.below(train.count), 0.05 * (1 - step / steps));
  let correct = 0;
  for (let image = 0; image < validation.count; image++) {
    const values = scores(validation, image);
    if (values.indexOf(Math.max(...values)) === validation.labels[image]) correct++;
  }
  return correct / validation.count;
}
