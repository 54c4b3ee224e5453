/**
 * What runs in the training thread of a tab, which start-trainer.ts starts: one backend, and one trainer
 * after the other on it. The backends are chunks of their own, loaded when they are asked for.
 */
import { startBackend } from "../../shared/training/backend.ts";
import type { BackendChoice, LoadedBackend } from "../../shared/training/backend.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import { serveTrainer } from "../../shared/training/remote-trainer.ts";
import type { TrainerRequest } from "../../shared/training/remote-trainer.ts";
import type { Trainer } from "../../shared/training/trainer.ts";
import { findAdapter } from "./adapters.ts";
import type { Adapter } from "./adapters.ts";
import { assertComputes } from "./gpu.ts";
import type {
  FindDevice,
  MakeTrainer,
  TrainerWorkerReply,
  TrainerWorkerRequest,
} from "./trainer-messages.ts";

/** Beside the pages; web-build.ts copies tfjs's files there. */
const wasmBinaries = new URL("/tfjs/", location.href).href;

let serve: ((request: TrainerRequest) => void) | undefined;
let finding: Promise<Adapter> | undefined;
let backend: BackendChoice | undefined;
let gpu: LoadedBackend | undefined;

function answer(reply: TrainerWorkerReply, transfer: ArrayBuffer[] = []): void {
  postMessage(reply, { transfer });
}

async function find({ backend: name }: FindDevice): Promise<void> {
  try {
    finding ??= findAdapter(name);
    answer({ kind: "device", device: await finding });
  } catch (error) {
    answer({ kind: "no device", reason: error instanceof Error ? error.message : String(error) });
  }
}

async function loadGpu(name: "webgpu" | "webgl"): Promise<LoadedBackend> {
  const adapter = await (finding ??= findAdapter(name));
  const onLost = (reason: string) => answer({ kind: "lost", reason });
  return name === "webgpu"
    ? (await import("./webgpu.ts")).loadWebgpu(adapter, onLost)
    : (await import("./webgl.ts")).loadWebgl(adapter, onLost);
}

function choiceOf(name: BackendName): BackendChoice {
  if (name === "cpu") return { name };
  if (name === "wasm") return { name, binaries: wasmBinaries };
  return { name, load: async () => (gpu ??= await loadGpu(name)) };
}

async function make({ task, shard, backend: name }: MakeTrainer): Promise<Trainer> {
  backend ??= choiceOf(name);
  // Before the data are drawn: it is what may fail.
  await startBackend(backend);
  const trainer = await createTrainer(task, { shard, backend, clock: { now: () => performance.now() } });
  return {
    ...trainer,
    async train(parameters, work) {
      const result = await trainer.train(parameters, work);
      if (gpu) await assertComputes();
      return result;
    },
  };
}

addEventListener("message", ({ data }: MessageEvent<TrainerWorkerRequest>) => {
  if ("method" in data) serve?.(data);
  else if (data.kind === "find") void find(data);
  else serve = serveTrainer(make(data), answer);
});
