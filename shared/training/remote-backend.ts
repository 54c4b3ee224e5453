/**
 * A `BackendThread` in another thread, without saying which kind of thread: a tab puts a Web Worker
 * underneath, Node `worker_threads`. Both ends are here, so that they cannot drift apart.
 */
import type { Task } from "../core/task.ts";
import type { BackendName } from "./backend-report.ts";
import type { BackendThread, Device } from "./backend-thread.ts";
import type { DataPlace } from "./data/data-source.ts";
import { createRemoteTrainer, serveTrainer } from "./remote-trainer.ts";
import type { RemoteTrainer, TrainerReply, TrainerRequest } from "./remote-trainer.ts";
import type { Trainer } from "./trainer.ts";

/** What the trainers of one thread learn from. */
export interface TrainerPlace {
  /** Which part of the training data is this peer's. */
  readonly shard: number;
  /** Where files of data sets are; without it there is only what the program draws. */
  readonly data?: DataPlace;
}

/** One thread serves one backend, the same in all of its messages. */
export interface FindDevice {
  readonly kind: "find";
  readonly backend: BackendName;
}

export interface MakeTrainer {
  readonly kind: "make";
  readonly backend: BackendName;
  readonly task: Task;
  readonly place: TrainerPlace;
  /** Made-up samples instead of the task's data. */
  readonly trialSamples?: number;
}

export type BackendRequest = FindDevice | MakeTrainer | TrainerRequest;

export type BackendReply =
  | TrainerReply
  | { readonly kind: "device"; readonly device: Device }
  | { readonly kind: "no device"; readonly reason: string }
  | { readonly kind: "lost"; readonly reason: string };

export interface ThreadBelow {
  post(request: BackendRequest, transfer: ArrayBuffer[]): void;
  stop(): Promise<void>;
}

export interface RemoteBackend {
  readonly thread: BackendThread;
  receive(reply: BackendReply): void;
  /** The thread is gone: whatever waits for it, now or later, rejects with this. */
  gone(reason: string): void;
}

export function createRemoteBackend(
  backend: BackendName,
  place: TrainerPlace,
  below: ThreadBelow,
): RemoteBackend {
  let remote: RemoteTrainer | undefined;
  let end: string | undefined;
  let found: (device: Device) => void = () => {};
  let missing: (error: Error) => void = () => {};
  let lose: (reason: string) => void = () => {};
  const device = new Promise<Device>((resolve, reject) => ([found, missing] = [resolve, reject]));
  // Who opens a thread need not ask for its device.
  device.catch(() => {});
  const lost = new Promise<string>((resolve) => (lose = resolve));

  function gone(reason: string): void {
    end ??= reason;
    lose(end);
    missing(new Error(end));
    remote?.gone(end);
    void below.stop();
  }

  below.post({ kind: "find", backend }, []);
  return {
    thread: {
      device,
      lost,
      make(task, trialSamples) {
        remote = createRemoteTrainer(below);
        const { trainer } = remote;
        if (end !== undefined) remote.gone(end);
        const trial = trialSamples === undefined ? {} : { trialSamples };
        below.post({ kind: "make", backend, task, place, ...trial }, []);
        return trainer;
      },
      close: () => gone("it was closed"),
    },
    receive(reply) {
      if (reply.kind === "device") found(reply.device);
      else if (reply.kind === "no device") missing(new Error(reply.reason));
      else if (reply.kind === "lost") gone(reply.reason);
      else remote?.receive(reply);
    },
    gone,
  };
}

export interface BackendOffice {
  find(backend: BackendName): Promise<Device>;
  make(order: MakeTrainer): Promise<Trainer>;
}

type Answer = (reply: BackendReply, transfer: ArrayBuffer[]) => void;

/** The thread's side. Returns what takes its requests. */
export function serveBackend(office: BackendOffice, answer: Answer): (request: BackendRequest) => void {
  let serve: ((request: TrainerRequest) => void) | undefined;

  async function find(backend: BackendName): Promise<void> {
    try {
      answer({ kind: "device", device: await office.find(backend) }, []);
    } catch (error) {
      answer({ kind: "no device", reason: error instanceof Error ? error.message : String(error) }, []);
    }
  }

  return (request) => {
    if ("method" in request) serve?.(request);
    else if (request.kind === "find") void find(request.backend);
    else serve = serveTrainer(office.make(request), answer);
  };
}
