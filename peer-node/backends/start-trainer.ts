/**
 * A `Trainer` in a thread of its own, on the backend that trains this task best here, or on the one that was
 * asked for. A graphics card that is lost later costs a call, not the run.
 */
import type { Task } from "../../shared/core/task.ts";
import type { BackendName, BackendReport, Wish } from "../../shared/training/backend-report.ts";
import { chooseBackend } from "../../shared/training/choose-backend.ts";
import { createLastingTrainer } from "../../shared/training/lasting-trainer.ts";
import { wasmHeapBytes, whyTooBig } from "../../shared/training/memory.ts";
import type { MemoryLimit } from "../../shared/training/memory.ts";
import type { TrainerPlace } from "../../shared/training/remote-backend.ts";
import type { Trainer } from "../../shared/training/trainer.ts";
import { realClock } from "../real-clock.ts";
import { openBackend } from "./open-backend.ts";
import type { BackendWish } from "./wishes.ts";

export interface NodeTrainerOptions {
  readonly place: TrainerPlace;
  readonly backend: BackendWish;
  /** Which of several graphics cards, from 0. */
  readonly device?: number | undefined;
  /** `--max-memory`; absent: what is free. */
  readonly maxBytes?: number | undefined;
  /** The choice, and every later change of it. */
  readonly onBackend: (report: BackendReport) => void;
}

/** @throws Error with one sentence when nothing here can train, or not what was asked for. */
export async function startNodeTrainer(task: Task, options: NodeTrainerOptions): Promise<Trainer> {
  const { place, device, onBackend } = options;
  assertFits(task, options);
  const open = (name: BackendName) => openBackend(name, { place, device });
  const wish = wishOf(options.backend);
  const choice = await chooseBackend(task, {
    ...wish,
    rivals: ["webgpu", "tensorflow"],
    open,
    clock: realClock,
  });
  onBackend(choice.report);
  return createLastingTrainer(task, choice, {
    open,
    clock: realClock,
    onLost: (_was, _why, report) => onBackend(report),
  });
}

/** Before anything is loaded or promised to the others. */
function assertFits(task: Task, { backend, maxBytes }: NodeTrainerOptions): void {
  // Whatever else there may be, auto must be able to fall back to it.
  const onProcessor = backend === "auto" ? "wasm" : backend;
  const isHere = onProcessor === "wasm" || onProcessor === "cpu";
  const free = { bytes: process.availableMemory(), whose: "this machine has free" };
  const limits: readonly MemoryLimit[] = [
    ...(maxBytes === undefined ? [] : [{ bytes: maxBytes, whose: "--max-memory allows" }]),
    // How much a graphics card has free, nobody can ask.
    ...(isHere && maxBytes === undefined ? [free] : []),
    ...(onProcessor === "wasm" ? [{ bytes: wasmHeapBytes, whose: "WebAssembly can have" }] : []),
  ];
  const reason = whyTooBig(task, onProcessor, limits);
  if (reason !== undefined) throw new Error(reason);
}

function wishOf(backend: BackendWish): Wish {
  return backend === "auto" ? { processor: "automatic" } : { processor: "automatic", only: backend };
}
