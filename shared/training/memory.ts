/**
 * How much memory training takes at its peak, from the task alone: docs/compute.md has the formulas and what was
 * measured beside them (test/training/memory.test.ts holds them together). Of a backend's own memory
 *
 *   max(least, growth · (start + 4 B · (copies · parameters + batch · kept + (transient · batch + 1) · widest)))
 *
 * where `kept` are the values per sample that the forward pass leaves for the gradients, and `widest` those of
 * the widest layer, a few of which are alive besides while its gradients are computed, and one for scratch.
 * The whole process, where the processor trains, has besides
 *
 *   base + 4 B · (flat copies · parameters + batch · inputs) + what the data take
 */
import type { Task } from "../core/task.ts";
import { activationsOf } from "./activations.ts";
import type { BackendName } from "./backend-report.ts";
import type { DataBytes } from "./data/data-bytes.ts";
import { describeData } from "./data/describe.ts";
import { layoutOf } from "./models/layout.ts";
import { countOf } from "./models/model.ts";

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

/** Node, its libraries and connections, with a training thread that has nothing to do. */
const processBytes = 125e6;
/**
 * Flat vectors outside of the backend: replica, gradient and copies between threads and for tensors, and three
 * rounds with what came, the averages and our own values; some are garbage for a while. Adam has two moments.
 */
const flatCopies = { sgd: 20, adam: 21 } as const;

/** In bytes, of the backend's own memory: the wasm heap, or a graphics card's. */
export function peakBytes(task: Task, backend: BackendName): number {
  const { leastBytes, startBytes, growth, copies, transient } = habits[backend === "wasm" ? "wasm" : "other"];
  const { kept, widest } = activationsOf(task.model, describeData(task.data));
  const floats = copies * countOf(layoutOf(task)) + task.batch * kept + (transient * task.batch + 1) * widest;
  return Math.max(leastBytes, growth * (startBytes + 4 * floats));
}

export interface MemoryNeed {
  readonly bytes: number;
  /** For people: what of it is what for. */
  readonly words: string;
  /** What would fit. */
  readonly hint: string;
}

/** Of the backend's own memory. */
export function backendNeed(task: Task, backend: BackendName): MemoryNeed {
  const bytes = peakBytes(task, backend);
  const words = `${megabytes(bytes)} for ${task.model.kind} at batch ${task.batch}`;
  return { bytes, words, hint: "a smaller batch or model would fit" };
}

/** Of the machine's memory, where `processor` trains, or checks the graphics card that does. */
export function machineNeed(task: Task, processor: "wasm" | "cpu", data: DataBytes): MemoryNeed {
  const { inputs } = activationsOf(task.model, describeData(task.data));
  const flat = 4 * (flatCopies[task.optimizer.kind] * countOf(layoutOf(task)) + task.batch * inputs);
  const held = flat + data.held;
  const training = peakBytes(task, processor);
  // They are read when the heap has grown already, in the trial, and before there are replicas.
  const bytes = processBytes + training + Math.max(held, data.reading);
  const besides = Math.max(0, bytes - training - data.reading);
  const words =
    `${megabytes(bytes)}: ${megabytes(training)} for ${task.model.kind} at batch ${task.batch}, ` +
    `${megabytes(data.reading)} for data, ${megabytes(besides)} besides`;
  const isData = data.reading > training + flat;
  return { bytes, words, hint: isData ? "fewer samples would fit" : "a smaller batch or model would fit" };
}

export interface MemoryLimit {
  readonly bytes: number;
  /** For people: "this machine has free". */
  readonly whose: string;
}

/** What Emscripten lets tfjs's 32-bit heap grow to; above half of that not every browser does. */
export const wasmHeapBytes = 2 ** 32 - 2 ** 16;

/** One sentence that says why this task can't be trained within this limit; undefined when it can. */
export function whyTooBig(task: Task, need: MemoryNeed, limit: MemoryLimit): string | undefined {
  if (need.bytes <= limit.bytes) return undefined;
  return (
    `task ${task.name} (${need.words}): needs more memory than ${limit.whose} ` +
    `(${megabytes(limit.bytes)}); ${need.hint}`
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString("en-US")} MB`;
}
