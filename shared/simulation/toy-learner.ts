/**
 * A small learner in plain TypeScript for simulations: one hidden layer on glyphs, plain SGD. Fast enough
 * for 16 peers in one thread, and a real model on real images, so that a simulation's accuracy means
 * something. Peers of a real run use tfjs (shared/training).
 */
import type { Rng } from "../core/rng.ts";
import type { ImageSet } from "../training/data/data-set.ts";

const hidden = 24;
const classes = 10;

export interface ToyLearner {
  readonly parameterCount: number;
  initial(rng: Rng): Float32Array;
  /** One pass of SGD over `samples` random images: the new parameters and the mean loss. */
  train(
    from: Float32Array,
    images: ImageSet,
    samples: number,
    rate: number,
    rng: Rng,
  ): { parameters: Float32Array; loss: number };
  accuracy(parameters: Float32Array, images: ImageSet): number;
}

export function createToyLearner(pixels: number): ToyLearner {
  const w2At = pixels * hidden + hidden;
  const parameterCount = w2At + hidden * classes + classes;
  const activation = new Float64Array(hidden);
  const backward = new Float64Array(hidden);
  const scores = new Float64Array(classes);
  const batch = 16;

  function forward(p: Float32Array, x: Uint8Array, at: number): void {
    for (let h = 0; h < hidden; h++) activation[h] = p[pixels * hidden + h] ?? 0;
    for (let i = 0; i < pixels; i++) {
      const value = (x[at + i] ?? 0) / 255;
      if (value === 0) continue;
      for (let h = 0; h < hidden; h++)
        activation[h] = (activation[h] ?? 0) + value * (p[i * hidden + h] ?? 0);
    }
    for (let h = 0; h < hidden; h++) activation[h] = Math.max(0, activation[h] ?? 0);
    for (let c = 0; c < classes; c++) {
      let sum = p[w2At + hidden * classes + c] ?? 0;
      for (let h = 0; h < hidden; h++) sum += (activation[h] ?? 0) * (p[w2At + h * classes + c] ?? 0);
      scores[c] = sum;
    }
  }

  /** Turns scores into probabilities; returns −log p(label). */
  function softmax(label: number): number {
    const top = Math.max(...scores);
    let total = 0;
    for (let c = 0; c < classes; c++) total += scores[c] = Math.exp((scores[c] ?? 0) - top);
    for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) / total;
    return -Math.log(Math.max(1e-12, scores[label] ?? 0));
  }

  function accumulate(
    p: Float32Array,
    x: Uint8Array,
    at: number,
    label: number,
    gradient: Float32Array,
  ): void {
    scores[label] = (scores[label] ?? 0) - 1;
    for (let h = 0; h < hidden; h++) {
      let sum = 0;
      for (let c = 0; c < classes; c++) {
        const k = w2At + h * classes + c;
        sum += (scores[c] ?? 0) * (p[k] ?? 0);
        gradient[k] = (gradient[k] ?? 0) + (scores[c] ?? 0) * (activation[h] ?? 0);
      }
      backward[h] = (activation[h] ?? 0) > 0 ? sum : 0;
      gradient[pixels * hidden + h] = (gradient[pixels * hidden + h] ?? 0) + (backward[h] ?? 0);
    }
    for (let c = 0; c < classes; c++) {
      const k = w2At + hidden * classes + c;
      gradient[k] = (gradient[k] ?? 0) + (scores[c] ?? 0);
    }
    for (let i = 0; i < pixels; i++) {
      const value = (x[at + i] ?? 0) / 255;
      if (value === 0) continue;
      for (let h = 0; h < hidden; h++) {
        gradient[i * hidden + h] = (gradient[i * hidden + h] ?? 0) + value * (backward[h] ?? 0);
      }
    }
  }

  return {
    parameterCount,
    initial(rng) {
      const parameters = new Float32Array(parameterCount);
      for (let k = 0; k < pixels * hidden; k++) parameters[k] = rng.normal() * Math.sqrt(2 / pixels);
      for (let k = w2At; k < w2At + hidden * classes; k++)
        parameters[k] = rng.normal() * Math.sqrt(1 / hidden);
      return parameters;
    },
    train(from, images, samples, rate, rng) {
      const parameters = from.slice();
      const gradient = new Float32Array(parameterCount);
      let loss = 0;
      for (let done = 0; done < samples; done += batch) {
        const size = Math.min(batch, samples - done);
        gradient.fill(0);
        for (let k = 0; k < size; k++) {
          const image = rng.below(images.count);
          forward(parameters, images.pixels, image * pixels);
          loss += softmax(images.labels[image] ?? 0);
          accumulate(parameters, images.pixels, image * pixels, images.labels[image] ?? 0, gradient);
        }
        for (let k = 0; k < parameterCount; k++) {
          parameters[k] = (parameters[k] ?? 0) - (rate / size) * (gradient[k] ?? 0);
        }
      }
      return { parameters, loss: loss / samples };
    },
    accuracy(parameters, images) {
      let correct = 0;
      for (let image = 0; image < images.count; image++) {
        forward(parameters, images.pixels, image * pixels);
        if (scores.indexOf(Math.max(...scores)) === images.labels[image]) correct += 1;
      }
      return correct / images.count;
    },
  };
}
