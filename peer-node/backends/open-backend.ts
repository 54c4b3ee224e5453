/** Starts the training thread of one backend. */
import { Worker } from "node:worker_threads";
import type { BackendThread } from "../../shared/training/backend-thread.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import { createRemoteBackend } from "../../shared/training/remote-backend.ts";
import type { BackendReply, TrainerPlace } from "../../shared/training/remote-backend.ts";
import type { TrainerWorkerData } from "../trainer-worker.ts";
import { oneCard } from "./cards.ts";
import { installedPackage, isOptional, missingPackage } from "./optional-packages.ts";
import { hasGraphicsDriver, noGraphicsDriver } from "./vulkan-drivers.ts";

export interface OpenOptions {
  readonly place: TrainerPlace;
  /** Which of several graphics cards, from 0. */
  readonly device?: number | undefined;
  /** The worker's file; tests hand in threads that misbehave. */
  readonly file?: URL | undefined;
}

export function openBackend(name: BackendName, options: OpenOptions): BackendThread {
  // Without a thread: it is the usual case, and asked at every start.
  if (isOptional(name) && installedPackage(name) === undefined) return refusing(missingPackage(name));
  if (name === "webgpu" && !hasGraphicsDriver()) return refusing(noGraphicsDriver);
  if (name === "webgl") return refusing("Node has none");
  return startThread(name, options);
}

function startThread(name: BackendName, { place, device, file }: OpenOptions): BackendThread {
  Object.assign(process.env, oneCard(name, device));
  const workerData: TrainerWorkerData = { device };
  const worker = new Worker(file ?? new URL("../trainer-worker.js", import.meta.url), { workerData });
  const remote = createRemoteBackend(name, place, {
    post: (request, transfer) => worker.postMessage(request, transfer),
    stop: async () => {
      await worker.terminate();
    },
  });
  worker.on("message", (reply: BackendReply) => remote.receive(reply));
  worker.on("messageerror", (error) => remote.gone(`a message could not be read: ${error.message}`));
  worker.on("error", (error: Error) => remote.gone(error.message));
  worker.on("exit", (code) => remote.gone(`it ended by itself (exit code ${code})`));
  return remote.thread;
}

function refusing(reason: string): BackendThread {
  const refusal = () => Promise.reject(new Error(reason));
  const device = refusal();
  device.catch(() => {});
  return { device, make: refusal, lost: Promise.resolve(reason), close() {} };
}
