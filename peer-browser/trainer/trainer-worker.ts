/**
 * What runs in the training thread of a tab, which start-trainer.ts starts: one backend, and one trainer
 * after the other on it. The backends are chunks of their own, loaded when they are asked for.
 */
import { assertComputes } from "../../shared/training/assert-computes.ts";
import { startBackend } from "../../shared/training/backend.ts";
import type { BackendChoice, LoadedBackend } from "../../shared/training/backend.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import { createTrainer } from "../../shared/training/create-trainer.ts";
import { serveBackend } from "../../shared/training/remote-backend.ts";
import type { BackendReply, BackendRequest, MakeTrainer } from "../../shared/training/remote-backend.ts";
import type { Trainer } from "../../shared/training/trainer.ts";
import { findAdapter } from "./adapters.ts";
import { openPlace } from "./data-place.ts";
import type { Adapter } from "./adapters.ts";
import { lostReason } from "./gpu.ts";

/** Beside the pages; web-build.ts copies tfjs's files there. */
const wasmBinaries = new URL("/tfjs/", location.href).href;

let finding: Promise<Adapter> | undefined;
let backend: BackendChoice | undefined;
let gpu: LoadedBackend | undefined;

function answer(reply: BackendReply, transfer: ArrayBuffer[] = []): void {
  postMessage(reply, { transfer });
}

async function readKernels(isShared: boolean): Promise<ArrayBuffer> {
  const response = await fetch(`${wasmBinaries}${isShared ? "kernels-shared" : "kernels"}.wasm`);
  if (!response.ok) throw new Error(`kernels.wasm did not load (${response.status}): reload the page`);
  return response.arrayBuffer();
}

function find(name: BackendName): Promise<Adapter> {
  return (finding ??= findAdapter(name));
}

async function loadGpu(name: "webgpu" | "webgl"): Promise<LoadedBackend> {
  const adapter = await find(name);
  const onLost = (reason: string) => answer({ kind: "lost", reason });
  return name === "webgpu"
    ? (await import("./webgpu.ts")).loadWebgpu(adapter, onLost)
    : (await import("./webgl.ts")).loadWebgl(adapter, onLost);
}

function choiceOf(name: BackendName): BackendChoice {
  if (name === "cpu") return { name };
  if (name === "wasm") return { name, binaries: wasmBinaries, readKernels };
  if (name === "tensorflow") throw new Error("no browser has TensorFlow's own library");
  return { name, load: async () => (gpu ??= await loadGpu(name)) };
}

async function make({ task, place, trialSamples, backend: name }: MakeTrainer): Promise<Trainer> {
  backend ??= choiceOf(name);
  // Before the data are drawn: it is what may fail.
  await startBackend(backend);
  const source = place.data && openPlace(place.data);
  const trainer = await createTrainer(task, {
    shard: place.shard,
    backend,
    clock: { now: () => performance.now() },
    ...(source && { source }),
    ...(trialSamples !== undefined && { trialSamples }),
  });
  return {
    ...trainer,
    async train(parameters, work) {
      const result = await trainer.train(parameters, work);
      if (gpu) await assertComputes(lostReason);
      return result;
    },
  };
}

const serve = serveBackend({ find, make }, answer);
addEventListener("message", ({ data }: MessageEvent<BackendRequest>) => serve(data));
