/**
 * How much memory one training step takes at its peak, from the task alone: docs/compute.md has the formula
 * and what was measured beside it (test/training/memory.test.ts holds the two together).
 *
 *   peak = max(least, growth · (start + 4 B · (copies · parameters + batch · (kept + transient · widest))))
 *
 * `kept`: values per sample that the forward pass leaves for the gradients; `widest`: those of the widest
 * layer, a few of which are alive besides while its gradients are computed.
 */
import type { ModelSpec, Task } from "../core/task.ts";
import type { BackendName } from "./backend-report.ts";
import { pixelsPerImage } from "./data/data-set.ts";
import type { ImageShape } from "./data/data-set.ts";
import { describeData } from "./data/describe.ts";
import type { DataDescription } from "./data/describe.ts";
import { blocksPerStage, resnetStages } from "./models/classifier-layouts.ts";
import { layoutOf } from "./models/layout.ts";
import { countOf } from "./models/model.ts";

/** Floats per sample. */
interface Activations {
  readonly kept: number;
  readonly widest: number;
}

interface Habits {
  /** The heap that it begins with. */
  readonly leastBytes: number;
  /** Taken before anything is computed. */
  readonly startBytes: number;
  /** The wasm heap grows by a fifth at a time, so on average it is a tenth larger than what is in it. */
  readonly growth: number;
  /** Of the parameters: tensors, their gradients, and the flat vectors at the boundary. */
  readonly copies: number;
  readonly transient: number;
}

/** Measured; docs/compute.md says how. */
const habits: Readonly<Record<"wasm" | "other", Habits>> = {
  wasm: { leastBytes: 2 ** 24, startBytes: 1e6, growth: 1.1, copies: 2, transient: 2 },
  /** Not measured: operations are composed of tfjs's there, and each leaves its results for a while. */
  other: { leastBytes: 0, startBytes: 30e6, growth: 1, copies: 4, transient: 12 },
};

/** In bytes, of the backend's own memory: the wasm heap, or a graphics card's. */
export function peakBytes(task: Task, backend: BackendName): number {
  const { leastBytes, startBytes, growth, copies, transient } = habits[backend === "wasm" ? "wasm" : "other"];
  const { kept, widest } = activationsOf(task.model, describeData(task.data));
  const floats = copies * countOf(layoutOf(task)) + task.batch * (kept + transient * widest);
  return Math.max(leastBytes, growth * (startBytes + 4 * floats));
}

export interface MemoryLimit {
  readonly bytes: number;
  /** For people: "this machine has free". */
  readonly whose: string;
}

/** What Emscripten lets tfjs's 32-bit heap grow to; above half of that not every browser does. */
export const wasmHeapBytes = 2 ** 32 - 2 ** 16;

/** One sentence that says why this task can't be trained within all of these limits; undefined when it can. */
export function whyTooBig(
  task: Task,
  backend: BackendName,
  limits: readonly MemoryLimit[],
): string | undefined {
  const needed = peakBytes(task, backend);
  const limit = limits.toSorted((a, b) => a.bytes - b.bytes)[0];
  if (!limit || needed <= limit.bytes) return undefined;
  return (
    `task ${task.name} (${megabytes(needed)} for ${task.model.kind} at batch ${task.batch}): ` +
    `needs more memory than ${limit.whose} (${megabytes(limit.bytes)}); a smaller batch or model would fit`
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString("en-US")} MB`;
}

function activationsOf(model: ModelSpec, input: DataDescription): Activations {
  if (input.kind === "tagged" && model.kind === "lstm") {
    const { embedding, hidden } = model;
    // Both directions: what is read, with and without dropout, the gates, and what the cells remember.
    const perWord = 2 * (2 * embedding + 17 * hidden) + 4 * hidden + 3 * input.classes;
    return { kept: input.length * perWord, widest: input.length * 4 * hidden };
  }
  if (input.kind === "text" && model.kind === "transformer") {
    const { layers, heads, width } = model;
    const perLayer = 24 * width + heads * input.context;
    const perCharacter = 2 * width + layers * perLayer + 3 * input.classes;
    return { kept: input.context * perCharacter, widest: input.context * 4 * width };
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
    // Every convolution's result, what its pool leaves of it, and what the stock kernels need for both.
    const kept = inputs + sizes.reduce((sum, size) => sum + 2.75 * size, 0);
    return { kept, widest: Math.max(...sizes) };
  }
  if (model.kind === "resnet") {
    const layers = 2 * blocksPerStage(model.depth);
    const sizes = resnetStages.map((channels, stage) => (channels * pixels) / 4 ** stage);
    const [first = 0] = sizes;
    // Of every convolution its result, and what batch norm makes of it; the stem is one more.
    const kept = inputs + 2 * first + sizes.reduce((sum, size) => sum + 2 * layers * size, 0);
    return { kept, widest: first };
  }
  return activationsOfLayers(model, inputs);
}

function activationsOfLayers(model: ModelSpec, inputs: number): Activations {
  const hidden = model.kind === "mlp" ? model.hidden : [];
  return {
    kept: inputs + hidden.reduce((sum, width) => sum + width, 0),
    widest: Math.max(inputs, ...hidden),
  };
}
