/** What runs in a training thread that backends/open-backend.ts starts: one backend, one trainer at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { assertComputes } from "../shared/training/assert-computes.ts";
import { startBackend } from "../shared/training/backend.ts";
import type { BackendChoice } from "../shared/training/backend.ts";
import { isGpu } from "../shared/training/backend-thread.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { serveBackend } from "../shared/training/remote-backend.ts";
import type { BackendReply, MakeTrainer } from "../shared/training/remote-backend.ts";
import type { Trainer } from "../shared/training/trainer.ts";
import { createNodeBackends } from "./backends/node-backends.ts";
import { openPlace } from "./data-place.ts";

export interface TrainerWorkerData {
  /** Which of several graphics cards, from 0. */
  readonly device: number | undefined;
}

const port = parentPort;
if (!port) throw new Error("trainer-worker runs as a worker thread only");
const { device }: TrainerWorkerData = workerData;
const answer = (reply: BackendReply, transfer: ArrayBuffer[] = []) => port.postMessage(reply, transfer);
const { find, choiceOf } = createNodeBackends(device, (reason) => answer({ kind: "lost", reason }));
let backend: BackendChoice | undefined;

async function make({ task, place, trialSamples, backend: name }: MakeTrainer): Promise<Trainer> {
  backend ??= choiceOf(name);
  // Before the data are read: it is what may fail.
  await startBackend(backend);
  const clock = { now: () => performance.now() };
  const source = place.data && openPlace(place.data);
  const trainer = await createTrainer(task, {
    shard: place.shard,
    backend,
    clock,
    ...(source && { source }),
    ...(trialSamples !== undefined && { trialSamples }),
  });
  return isGpu(name) ? watched(trainer) : trainer;
}

function watched(trainer: Trainer): Trainer {
  return {
    ...trainer,
    async train(parameters, work) {
      const result = await trainer.train(parameters, work);
      await assertComputes("the driver lost the graphics card");
      return result;
    },
  };
}

port.on("message", serveBackend({ find, make }, answer));
