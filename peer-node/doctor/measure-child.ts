/** A thread in which `shoal doctor` measures one backend. */
import { parentPort, workerData } from "node:worker_threads";
import { startBackend } from "../../shared/training/backend.ts";
import type { BackendName } from "../../shared/training/backend-report.ts";
import { measureSpeed } from "../../shared/training/measure.ts";
import type { Speed } from "../../shared/training/measure.ts";
import { createNodeBackends } from "../backends/node-backends.ts";

export interface MeasureWorkerData {
  readonly backend: BackendName;
  /** Which of several graphics cards, from 0. */
  readonly device: number | undefined;
}

export interface Measured extends Speed {
  /** The trainer's own word. */
  readonly backend: string;
  readonly isSoftware: boolean;
}

const port = parentPort;
if (!port) throw new Error("measure-worker runs as a worker thread only");
const { backend: name, device }: MeasureWorkerData = workerData;
const { find, choiceOf } = createNodeBackends(device, () => {});
const { isSoftware } = await find(name);
const backend = await startBackend(choiceOf(name));
const speed = await measureSpeed({ now: () => performance.now() });
const measured: Measured = { backend, isSoftware, ...speed };
port.postMessage(measured, []);
