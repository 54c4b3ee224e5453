/**
 * A `Trainer` in a worker of its own, on the backend that trains this task best here. To be called from the
 * peer's worker: neither it nor the page ever waits for a training step.
 */
import type { Clock } from "../../shared/core/clock.ts";
import type { Task } from "../../shared/core/task.ts";
import type { BackendName, BackendReport, Processor } from "../../shared/training/backend-report.ts";
import type { BackendThread, Device } from "../../shared/training/backend-thread.ts";
import { chooseBackend } from "../../shared/training/choose-backend.ts";
import { createLastingTrainer } from "../../shared/training/lasting-trainer.ts";
import { createRemoteTrainer } from "../../shared/training/remote-trainer.ts";
import type { RemoteTrainer } from "../../shared/training/remote-trainer.ts";
import type { Trainer } from "../../shared/training/trainer.ts";
import type { TrainerWorkerReply, TrainerWorkerRequest } from "./trainer-messages.ts";

export interface TabTrainerOptions {
  readonly processor: Processor;
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
  { processor, onLost = () => {} }: TabTrainerOptions,
): Promise<TabTrainer> {
  const open = (name: BackendName) => openThread(name, shard);
  const choice = await chooseBackend(task, { processor, open, clock });
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

function openThread(backend: BackendName, shard: number): BackendThread {
  const worker = new Worker(new URL("/trainer-worker.js", location.href), {
    type: "module",
    name: `trainer (${backend})`,
  });
  let remote: RemoteTrainer | undefined;
  let found: (device: Device) => void = () => {};
  let missing: (error: Error) => void = () => {};
  let lose: (reason: string) => void = () => {};
  const device = new Promise<Device>((resolve, reject) => ([found, missing] = [resolve, reject]));
  // Who opens a thread need not ask for its device.
  device.catch(() => {});
  const lost = new Promise<string>((resolve) => (lose = resolve));

  function gone(reason: string): void {
    lose(reason);
    missing(new Error(reason));
    remote?.gone(reason);
    worker.terminate();
  }

  worker.addEventListener("message", ({ data }: MessageEvent<TrainerWorkerReply>) => {
    if (data.kind === "device") found(data.device);
    else if (data.kind === "no device") missing(new Error(data.reason));
    else if (data.kind === "lost") gone(data.reason);
    else remote?.receive(data);
  });
  worker.addEventListener("messageerror", () => gone("a message could not be read"));
  worker.addEventListener("error", (event) => {
    // Ours to tell, in the page's words; else the browser prints it too.
    event.preventDefault();
    gone(event.message || "its script could not be loaded");
  });

  function post(request: TrainerWorkerRequest, transfer: ArrayBuffer[] = []): void {
    worker.postMessage(request, transfer);
  }

  post({ kind: "find", backend });
  return {
    device,
    lost,
    make(task) {
      remote = createRemoteTrainer({ post, stop: async () => worker.terminate() });
      post({ kind: "make", backend, task, shard });
      return remote.trainer;
    },
    close: () => gone("it was closed"),
  };
}
