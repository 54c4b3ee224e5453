/** Which backends there are on this machine and how fast each is, or why it is missing. */
import { Worker } from "node:worker_threads";
import { titleOf } from "../../shared/training/backend-words.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import { within } from "../../shared/training/time-limit.ts";
import { showOneCard } from "../backends/cards.ts";
import { installedPackage, isOptional, missingPackage } from "../backends/optional-packages.ts";
import { realClock } from "../real-clock.ts";
import type { Measured, MeasureWorkerData } from "./measure-worker.ts";

export interface BackendCheck {
  readonly name: BackendName;
  /** Null when it can't be used, for the reason in `note`. */
  readonly title: string | null;
  readonly matrixGflops: number | null;
  readonly convolutionGflops: number | null;
  readonly note: string | null;
}

const names = ["webgpu", "tensorflow", "wasm", "cpu"] as const;
const limitMs = 20_000;

/** One after the other: they share the processor. */
export async function checkBackends(device: number | undefined): Promise<BackendCheck[]> {
  const checks: BackendCheck[] = [];
  for (const name of names) checks.push(await checkBackend(name, device));
  return checks;
}

async function checkBackend(name: BackendName, device: number | undefined): Promise<BackendCheck> {
  try {
    if (isOptional(name) && installedPackage(name) === undefined) throw new Error(missingPackage(name));
    const { backend, isSoftware, matrixGflops, convolutionGflops } = await measureIn({
      backend: name,
      device,
    });
    const note = isSoftware ? "a software adapter: never chosen, but by --backend webgpu" : null;
    return { name, title: titleOf(name, backend), matrixGflops, convolutionGflops, note };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { name, title: null, matrixGflops: null, convolutionGflops: null, note };
  }
}

async function measureIn(workerData: MeasureWorkerData): Promise<Measured> {
  const { backend, device } = workerData;
  showOneCard(backend, device);
  const worker = new Worker(new URL("./measure-worker.js", import.meta.url), { workerData });
  const measuring = new Promise<Measured>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`its thread ended (exit code ${code})`)));
  });
  try {
    return await within(realClock, limitMs, `it took longer than ${limitMs / 1_000} s`, measuring);
  } finally {
    await worker.terminate();
  }
}
