/** What start-trainer.ts and its worker say to each other besides the calls of remote-trainer.ts. */
import type { Task } from "../../shared/core/task.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import type { Device } from "../../shared/training/backend-thread.ts";
import type { TrainerReply, TrainerRequest } from "../../shared/training/remote-trainer.ts";

/** One worker serves one backend, the same in all of its messages. */
export interface FindDevice {
  readonly kind: "find";
  readonly backend: BackendName;
}

export interface MakeTrainer {
  readonly kind: "make";
  readonly backend: BackendName;
  readonly task: Task;
  readonly shard: number;
}

export type TrainerWorkerRequest = FindDevice | MakeTrainer | TrainerRequest;

export type TrainerWorkerReply =
  | TrainerReply
  | { readonly kind: "device"; readonly device: Device }
  | { readonly kind: "no device"; readonly reason: string }
  | { readonly kind: "lost"; readonly reason: string };
