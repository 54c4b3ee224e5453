/**
 * A `Trainer` in a worker of its own, on the backend that trains this task best here. To be called from the
 * peer's worker: neither it nor the page ever waits for a training step.
 */
import type { Clock } from "../../shared/core/clock.ts";
import type { Task } from "../../shared/core/task.ts";
import type { BackendName, BackendReport, Processor } from "../../shared/training/backend-report.ts";
import type { BackendThread } from "../../shared/training/backend-thread.ts";
import { chooseBackend } from "../../shared/training/choose-backend.ts";
import { dataBytes } from "../../shared/training/data/data-bytes.ts";
import type { DataSource } from "../../shared/training/data/data-source.ts";
import { createLastingTrainer } from "../../shared/training/lasting-trainer.ts";
import { backendNeed, machineNeed, wasmHeapBytes, whyTooBig } from "../../shared/training/memory.ts";
import { createRemoteBackend } from "../../shared/training/remote-backend.ts";
import type { BackendReply, TrainerPlace } from "../../shared/training/remote-backend.ts";
import type { Trainer } from "../../shared/training/trainer.ts";
import { openPlace } from "./data-place.ts";

export interface TabTrainerOptions {
  readonly processor: Processor;
  /** For a GPU to show what it can; see chooseBackend. */
  readonly gpuMs?: number | undefined;
  /** The backend went away and `report` is about its successor; training goes on by itself. */
  readonly onLost?: (was: BackendName, why: string, report: BackendReport) => void;
}

export interface TabTrainer {
  readonly trainer: Trainer;
  readonly report: BackendReport;
}

const clock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * `shard`: which part of the training data is this peer's.
 * @throws Error with one sentence when nothing here can train.
 */
export async function startTabTrainer(
  task: Task,
  shard: number,
  { processor, gpuMs, onLost = () => {} }: TabTrainerOptions,
): Promise<TabTrainer> {
  const data = { kind: "http", url: location.origin } as const;
  await assertFits(task, openPlace(data));
  const open = (name: BackendName) => openThread(name, { shard, data });
  const rivals = ["webgpu", "webgl"] as const;
  const choice = await chooseBackend(task, { processor, rivals, open, clock, gpuMs });
  let { report } = choice;
  const trainer = await createLastingTrainer(task, choice, {
    open,
    clock,
    onLost(was, why, next) {
      report = next;
      onLost(was, why, next);
    },
  });
  return { trainer, report };
}

/** Before anything is loaded. Browsers that say how much memory there is say it in GB, roughly. */
async function assertFits(task: Task, source: DataSource): Promise<void> {
  const gigabytes: unknown = Reflect.get(navigator, "deviceMemory");
  // The other half is the browser's and everybody else's.
  const bytes = typeof gigabytes === "number" ? gigabytes * 0.5e9 : Infinity;
  const reason =
    whyTooBig(task, machineNeed(task, "wasm", await dataBytes(task.data, source)), {
      bytes,
      whose: "half of this device's memory",
    }) ?? whyTooBig(task, backendNeed(task, "wasm"), { bytes: wasmHeapBytes, whose: "a tab can have" });
  if (reason !== undefined) throw new Error(reason);
}

function openThread(backend: BackendName, place: TrainerPlace): BackendThread {
  const worker = new Worker(new URL("/trainer-worker.js", location.href), {
    type: "module",
    name: `trainer (${backend})`,
  });
  const remote = createRemoteBackend(backend, place, {
    post: (request, transfer) => worker.postMessage(request, transfer),
    stop: async () => worker.terminate(),
  });
  worker.addEventListener("message", ({ data }: MessageEvent<BackendReply>) => remote.receive(data));
  worker.addEventListener("messageerror", () => remote.gone("a message could not be read"));
  worker.addEventListener("error", (event) => {
    // Ours to tell, in the page's words; else the browser prints it too.
    event.preventDefault();
    remote.gone(event.message || "its script could not be loaded");
  });
  return remote.thread;
}
