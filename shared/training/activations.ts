/** How many values a training step leaves and needs, per sample, by the kind of model: measured (docs/compute.md). */
import type { ModelSpec } from "../core/task.ts";
import { pixelsPerImage } from "./data/data-set.ts";
import type { ImageShape } from "./data/data-set.ts";
import type { DataDescription } from "./data/describe.ts";
import { blocksPerStage, resnetStages } from "./models/classifier-layouts.ts";

/** Floats per sample. */
export interface Activations {
  readonly inputs: number;
  /** What the forward pass leaves for the gradients, the inputs among it. */
  readonly kept: number;
  /** Of the widest layer. */
  readonly widest: number;
}

export function activationsOf(model: ModelSpec, input: DataDescription): Activations {
  if (input.kind === "tagged" && model.kind === "lstm") {
    const { embedding, hidden } = model;
    // Both directions: what is read, with and without dropout, the gates, and what the cells remember.
    const perWord = 2 * (2 * embedding + 17 * hidden) + 4 * hidden + 3 * input.classes;
    // Our kernel takes vectors of 4; what it can't take is composed of many small steps.
    const composed = hidden % 4 === 0 ? 0 : 48 * hidden;
    return { inputs: 0, kept: input.length * (perWord + composed), widest: input.length * 4 * hidden };
  }
  if (input.kind === "text" && model.kind === "transformer") {
    const { layers, heads, width } = model;
    const perLayer = 24 * width + heads * input.context;
    const perCharacter = 2 * width + layers * perLayer + 3 * input.classes;
    return { inputs: 0, kept: input.context * perCharacter, widest: input.context * 4 * width };
  }
  if (input.kind === "images") return activationsOfImages(model, input.shape);
  const inputs = input.kind === "table" ? input.columns : 0;
  return activationsOfLayers(model, inputs);
}

function activationsOfImages(model: ModelSpec, shape: ImageShape): Activations {
  const pixels = shape.height * shape.width;
  const inputs = pixelsPerImage(shape);
  if (model.kind === "cnn") {
    const sizes = model.channels.map((channels, layer) => (channels * pixels) / 4 ** layer);
    // With a gradient tfjs takes convolution, bias and ReLU one by one; a pool leaves a quarter.
    const kept = inputs + sizes.reduce((sum, size) => sum + 3.25 * size, 0);
    return { inputs, kept, widest: 1.5 * Math.max(...sizes) };
  }
  if (model.kind === "resnet") {
    const layers = 2 * blocksPerStage(model.depth);
    const sizes = resnetStages.map((channels, stage) => (channels * pixels) / 4 ** stage);
    const [first = 0] = sizes;
    // Of every convolution its result, and what batch norm makes of it; the stem is one more.
    const kept = inputs + 2 * first + sizes.reduce((sum, size) => sum + 2 * layers * size, 0);
    return { inputs, kept, widest: first };
  }
  return activationsOfLayers(model, inputs);
}

function activationsOfLayers(model: ModelSpec, inputs: number): Activations {
  const hidden = model.kind === "mlp" ? model.hidden : [];
  return {
    inputs,
    kept: inputs + hidden.reduce((sum, width) => sum + width, 0),
    widest: Math.max(0, ...hidden),
  };
}
