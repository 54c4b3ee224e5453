/**
 * A `Trainer` in a thread of its own, on the backend that trains this task best here, or on the one that was
 * asked for. A graphics card that is lost later costs a call, not the run.
 */
import type { Task } from "../../shared/core/task.ts";
import type { BackendName, BackendReport, BackendTrial } from "../../shared/training/backend-report.ts";
import { isGpu } from "../../shared/training/backend-thread.ts";
import { chooseBackend } from "../../shared/training/choose-backend.ts";
import { dataBytes } from "../../shared/training/data/data-bytes.ts";
import { createLastingTrainer } from "../../shared/training/lasting-trainer.ts";
import { backendNeed, machineNeed, wasmHeapBytes, whyTooBig } from "../../shared/training/memory.ts";
import type { MemoryLimit } from "../../shared/training/memory.ts";
import type { TrainerPlace } from "../../shared/training/remote-backend.ts";
import type { Trainer } from "../../shared/training/trainer.ts";
import { openPlace } from "../data-place.ts";
import { realClock } from "../real-clock.ts";
import { whyNoCard } from "./cards.ts";
import { openBackend } from "./open-backend.ts";
import type { BackendWish } from "./wishes.ts";

export interface NodeTrainerOptions {
  readonly place: TrainerPlace;
  readonly backend: BackendWish;
  /** Which of several graphics cards, from 0. */
  readonly device?: number | undefined;
  /** For a GPU to show what it can; see chooseBackend. */
  readonly gpuMs?: number | undefined;
  /** `--max-memory`; absent: what is free. */
  readonly maxBytes?: number | undefined;
  /** The choice, and every later change of it. */
  readonly onBackend: (report: BackendReport) => void;
}

/** @throws Error with one sentence when nothing here can train, or not what was asked for. */
export async function startNodeTrainer(task: Task, options: NodeTrainerOptions): Promise<Trainer> {
  const { place, backend, device, gpuMs, maxBytes, onBackend } = options;
  await assertFits(task, options);
  const open = (name: BackendName) => openBackend(name, { place, device });
  const choice = await chooseBackend(task, {
    ...(backend === "auto" ? {} : { only: backend }),
    processor: "automatic",
    rivals: ["webgpu", "tensorflow"],
    open,
    clock: realClock,
    gpuMs,
    whyRefused: (name) => whyTooBigForCard(task, name, maxBytes),
  });
  const fault = isGpu(choice.name) ? undefined : whyNoCard(device, choice.report.trials.map(asTried));
  if (fault !== undefined) {
    choice.thread.close();
    throw new Error(fault);
  }
  onBackend(choice.report);
  return createLastingTrainer(task, choice, {
    open,
    clock: realClock,
    onLost: (_was, _why, report) => onBackend(report),
  });
}

const asTried = ({ name, stepMs, note }: BackendTrial) => ({ name, works: stepMs !== null, note });

/**
 * Before anything is loaded or promised to the others. Whatever graphics card there may be, the processor checks
 * what it computes, and takes over when it is lost: so the task must fit there, too.
 */
async function assertFits(task: Task, { backend, maxBytes, place }: NodeTrainerOptions): Promise<void> {
  const processor = backend === "cpu" ? "cpu" : "wasm";
  const data = await dataBytes(task.data, place.data && openPlace(place.data));
  const reason =
    whyTooBig(task, machineNeed(task, processor, data), machineLimit(maxBytes)) ??
    (processor === "wasm" ? whyTooBig(task, backendNeed(task, "wasm"), wasmLimit) : undefined);
  if (reason !== undefined) throw new Error(reason);
}

const wasmLimit: MemoryLimit = { bytes: wasmHeapBytes, whose: "WebAssembly can have" };

function machineLimit(maxBytes: number | undefined): MemoryLimit {
  if (maxBytes !== undefined) return allowed(maxBytes);
  // What this process has already is part of what it needs.
  const bytes = process.availableMemory() + process.memoryUsage.rss();
  return { bytes, whose: "this machine has free" };
}

const allowed = (bytes: number): MemoryLimit => ({ bytes, whose: "--max-memory allows" });

/** How much a graphics card has free, nobody can ask. */
function whyTooBigForCard(task: Task, name: BackendName, maxBytes: number | undefined): string | undefined {
  return maxBytes === undefined ? undefined : whyTooBig(task, backendNeed(task, name), allowed(maxBytes));
}
