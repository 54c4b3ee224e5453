/**
 * One contestant of bench/compute.ts in a process of its own: takes a step whenever it is told to, so that
 * contestants can take turns. Says what a step cost, and at the end how much memory it took.
 */
import * as tf from "@tensorflow/tfjs-core";
import { BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { createNodeBackends } from "../peer-node/backends/node-backends.ts";
import { wasmBinaries } from "../peer-node/wasm-binaries.ts";
import { createRng } from "../shared/core/rng.ts";
import type { Task } from "../shared/core/task.ts";
import { select, startBackend } from "../shared/training/backend.ts";
import { syntheticData } from "../shared/training/data/synthetic.ts";
import { installGradients } from "../shared/training/gradients.ts";
import { heapBytes } from "../shared/training/kernels/wasm-heap.ts";
import { createLearner } from "../shared/training/learner.ts";
import { countOf, initialParameters, trainedCount } from "../shared/training/models/model.ts";
import { createOptimizer } from "../shared/training/optimizer.ts";
import { createProblem } from "../shared/training/problems/create-problem.ts";
import { benchTasks } from "./bench-tasks.ts";
import { contestantNames } from "./contestants.ts";
import type { ContestantName } from "./contestants.ts";

export interface StepReport {
  readonly loss: number;
  readonly wallMs: number;
  /** Of all threads of the process. */
  readonly cpuMs: number;
  /** The wasm heap, where there is one; it never shrinks. */
  readonly heapBytes: number | null;
  /** The most that the whole process has had. */
  readonly residentBytes: number;
}

export type ChildMessage =
  | { readonly kind: "ready"; readonly backend: string }
  | ({ readonly kind: "step" } & StepReport)
  | { readonly kind: "failed"; readonly reason: string };

interface Stepper {
  readonly backend: string;
  step(): Promise<number>;
}

async function startOf(contestant: ContestantName): Promise<string> {
  if (contestant === "shoal wasm") return startBackend(backends.choiceOf("wasm"));
  if (contestant === "shoal webgpu") return startBackend(backends.choiceOf("webgpu"));
  if (contestant === "tensorflow") return startBackend(backends.choiceOf("tensorflow"));
  if (contestant === "tfjs cpu") return startBackend(backends.choiceOf("cpu"));
  // As it comes: with none of our kernels.
  tf.enableProdMode();
  setWasmPaths(wasmBinaries());
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  installGradients();
  await select("wasm", "tfjs's own");
  return "wasm";
}

async function createStepper(contestant: ContestantName, task: Task): Promise<Stepper> {
  if (contestant === "jax-js") return (await import("./jax-models.ts")).createJaxStepper(task);
  const backend = await startOf(contestant);
  const problem = createProblem(task, syntheticData(task.data, 4 * task.batch));
  const size = countOf(problem.parameters);
  const learner = createLearner(problem, task.batch, createRng(1));
  const optimizer = createOptimizer(task.optimizer, task.rounds, trainedCount(problem.parameters));
  const parameters = initialParameters(problem.parameters, task.seed);
  const gradient = new Float32Array(size);
  let next = 0;
  return {
    backend,
    async step() {
      const from = (next++ % 4) * task.batch;
      const batch = Uint32Array.from({ length: task.batch }, (_, index) => from + index);
      const loss = await learner.gradient(parameters, batch, gradient);
      optimizer.step(parameters, gradient, 0);
      return loss;
    },
  };
}

async function measured(stepper: Stepper): Promise<StepReport> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const loss = await stepper.step();
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  const residentBytes = process.resourceUsage().maxRSS * 1_024;
  return { loss, wallMs, cpuMs: (user + system) / 1e3, heapBytes: heapSize(), residentBytes };
}

function heapSize(): number | null {
  const hasHeap = contestant !== "jax-js" && tf.backend() instanceof BackendWasm;
  return hasHeap ? heapBytes() : null;
}

const backends = createNodeBackends(undefined, (reason) => say({ kind: "failed", reason }));

function say(message: ChildMessage): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  say({ kind: "failed", reason: reason.split("\n")[0] ?? "" });
}

const [, , asked, name = ""] = process.argv;
const contestant = contestantNames.find((it) => it === asked);
const task = benchTasks[name];
if (!task || !contestant) throw new Error(`no contestant "${asked}" or no model "${name}"`);
try {
  const stepper = await createStepper(contestant, task);
  process.on("message", () => {
    measured(stepper).then((report) => say({ kind: "step", ...report }), fail);
  });
  say({ kind: "ready", backend: stepper.backend });
} catch (error) {
  fail(error);
}
