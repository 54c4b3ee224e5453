/**
 * Which backend a tab trains on. The processor (wasm, else plain JavaScript) is tried first and patiently:
 * it is the fallback, and the yardstick that GPUs must agree with. Then the GPUs, each with a limit; one that
 * hangs costs that limit and its thread. The fastest that computes the same wins.
 */
import type { Clock } from "../core/clock.ts";
import type { Task } from "../core/task.ts";
import { isGpu } from "./backend-thread.ts";
import type { BackendThread, OpenThread } from "./backend-thread.ts";
import { titleOf, whyChosen } from "./backend-words.ts";
import type { BackendName, BackendReport, BackendTrial, Processor } from "./backend-report.ts";
import { within } from "./time-limit.ts";
import { agree, hasFiniteNumbers, trialTask, tryTrainer } from "./trial.ts";
import type { Trial } from "./trial.ts";

const limits = {
  /** For each of the processor's: half a megabyte to load, and without it there is no training. */
  processorMs: 30_000,
  gpuMs: 4_000,
  /** For a GPU that a person asked for. */
  insistedGpuMs: 20_000,
  /** No further GPU is begun after this. */
  allGpusMs: 8_000,
};

export interface ChoosingOptions {
  readonly processor: Processor;
  readonly open: OpenThread;
  readonly clock: Clock;
}

export interface Choice {
  readonly name: BackendName;
  /** Its backend runs; `make` the real trainer there. */
  readonly thread: BackendThread;
  /** One step of the task. */
  readonly stepMs: number;
  readonly report: BackendReport;
  /** What to go on with if this one is lost, best first. */
  readonly backups: readonly BackendName[];
}

interface Contestant {
  readonly name: BackendName;
  readonly thread: BackendThread;
  /** The trainer's own word. */
  readonly backend: string;
  readonly trial: Trial;
  readonly note: string | null;
}

/** @throws Error with one sentence when nothing computes here. */
export async function chooseBackend(task: Task, options: ChoosingOptions): Promise<Choice> {
  const { processor, open, clock } = options;
  const contestants: Contestant[] = [];
  const trials: BackendTrial[] = [];

  /** Leaves its result in `contestants` and `trials`. */
  async function compete(name: BackendName, limitMs: number): Promise<void> {
    const thread = open(name);
    const hung = `it did not manage a step of training in ${limitMs / 1_000} s`;
    try {
      const contestant = await within(clock, limitMs, hung, attempt(name, thread, limitMs));
      contestants.push(contestant);
      trials.push({ name, stepMs: contestant.trial.stepMs, note: contestant.note });
    } catch (error) {
      trials.push({ name, stepMs: null, note: shortReason(error) });
      thread.close();
    }
  }

  async function attempt(name: BackendName, thread: BackendThread, limitMs: number): Promise<Contestant> {
    const enoughMs = clock.now() + limitMs / 2;
    const { isSoftware } = await thread.device;
    const note = isSoftware ? softwareNote : null;
    if (note && processor !== "gpu") throw new Error(note);
    const trainer = await thread.make(trialTask(task));
    const trial = await tryTrainer(trainer, task, () => clock.now() > enoughMs);
    if (!hasFiniteNumbers(trial)) throw new Error("it computed numbers that are not finite");
    const yardstick = contestants.find((other) => !isGpu(other.name));
    if (yardstick && !agree(trial, yardstick.trial))
      throw new Error("it computed something else than the processor");
    return { name, thread, backend: trainer.backend, trial, note };
  }

  async function competeOnGpus(): Promise<void> {
    const limitMs = processor === "gpu" ? limits.insistedGpuMs : limits.gpuMs;
    const endMs = clock.now() + Math.max(limits.allGpusMs, limitMs);
    for (const name of ["webgpu", "webgl"] as const) {
      if (clock.now() < endMs) await compete(name, limitMs);
      else trials.push({ name, stepMs: null, note: "it was not tried: the others took too long" });
    }
  }

  await compete("wasm", limits.processorMs);
  if (contestants.length === 0) await compete("cpu", limits.processorMs);
  if (processor !== "cpu") await competeOnGpus();
  const [winner, ...others] = contestants.toSorted(byRank(processor));
  if (!winner) throw new Error(`nothing here can train: ${trials.map(told).join("; ")}`);
  for (const { thread } of others) thread.close();
  const { name, thread, backend, trial } = winner;
  const why = whyChosen(name, backend, processor, trials);
  return {
    name,
    thread,
    stepMs: trial.stepMs,
    report: { name, title: titleOf(name, backend), why, trials },
    backups: backupsOf(winner, others, trials),
  };
}

/** What a person asked for, then the fastest. */
function byRank(processor: Processor): (a: Contestant, b: Contestant) => number {
  const isUnwanted = ({ name }: Contestant) => Number(processor === "gpu" && !isGpu(name));
  return (a, b) => isUnwanted(a) - isUnwanted(b) || a.trial.stepMs - b.trial.stepMs;
}

/** The others that were right; plain JavaScript always, but where it has failed already. */
function backupsOf(
  winner: Contestant,
  others: readonly Contestant[],
  trials: readonly BackendTrial[],
): BackendName[] {
  const right = others.map(({ name }) => name);
  return trials.some(({ name }) => name === "cpu") || winner.name === "cpu" ? right : [...right, "cpu"];
}

const softwareNote = "only a software adapter: the processor plays the graphics card";

const told = ({ name, note }: BackendTrial) => `${name}: ${note ?? "too slow"}`;

/** Browsers' own words may be long. */
function shortReason(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^training thread: /, "").slice(0, 200);
}
