/**
 * Which backend trains this task best here. The processor (wasm, else plain JavaScript) is tried first and
 * patiently: it is the fallback, and the yardstick that the others must agree with. Then its rivals, each
 * with a limit; one that hangs costs that limit and its thread. The fastest that computes the same wins.
 */
import type { Clock } from "../core/clock.ts";
import type { Task } from "../core/task.ts";
import { isGpu } from "./backend-thread.ts";
import type { BackendThread, OpenThread } from "./backend-thread.ts";
import { titleOf, whyChosen } from "./backend-words.ts";
import type { BackendName, BackendReport, BackendTrial, Processor, Wish } from "./backend-report.ts";
import { within } from "./time-limit.ts";
import { agree, hasFiniteNumbers, trialSamples, tryTrainer } from "./trial.ts";
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

export interface ChoosingOptions extends Wish {
  /** What there may be besides the processor, the likeliest first. */
  readonly rivals: readonly BackendName[];
  readonly open: OpenThread;
  readonly clock: Clock;
  /** For each GPU that nobody asked for. Tests that want its answer on a busy machine give it longer. */
  readonly gpuMs?: number | undefined;
  /** Why a rival isn't even tried. */
  readonly whyRefused?: (name: BackendName) => string | undefined;
}

export interface Choice {
  readonly name: BackendName;
  /** Its backend runs; `make` the real trainer there. */
  readonly thread: BackendThread;
  /** One step of the task; null when there was nobody to compare it with. */
  readonly stepMs: number | null;
  readonly report: BackendReport;
  /** What to go on with if this one is lost, best first. */
  readonly backups: readonly BackendName[];
}

interface Contestant {
  readonly name: BackendName;
  readonly thread: BackendThread;
  /** The trainer's own word. */
  readonly backend: string;
  /** None where there is nobody to compare it with. */
  readonly trial: Trial | null;
  readonly note: string | null;
}

/** @throws Error with one sentence when nothing computes here, or not the one that was asked for. */
export async function chooseBackend(task: Task, options: ChoosingOptions): Promise<Choice> {
  const { only, open, clock, gpuMs = limits.gpuMs, whyRefused = () => undefined } = options;
  const wish: Wish = { ...options, processor: processorOf(options) };
  const hasRivals = wish.processor !== "cpu";
  const contestants: Contestant[] = [];
  const trials: BackendTrial[] = [];

  /** Leaves its result in `contestants` and `trials`. */
  async function compete(name: BackendName, limitMs: number, thread = open(name)): Promise<void> {
    const hung = `it did not ${hasRivals ? "manage a step of training" : "start"} in ${limitMs / 1_000} s`;
    try {
      const contestant = await within(clock, limitMs, hung, attempt(name, thread, limitMs));
      contestants.push(contestant);
      const { trial, note } = contestant;
      if (trial) trials.push({ name, stepMs: trial.stepMs, note });
    } catch (error) {
      trials.push({ name, stepMs: null, note: shortReason(error) });
      thread.close();
    }
  }

  async function attempt(name: BackendName, thread: BackendThread, limitMs: number): Promise<Contestant> {
    const enoughMs = clock.now() + limitMs / 2;
    const { isSoftware } = await thread.device;
    const note = isSoftware ? softwareNote : null;
    if (note && wish.processor !== "gpu") throw new Error(note);
    const trainer = await thread.make(task, hasRivals ? trialSamples(task) : 1);
    // In plain JavaScript a step may take minutes, and would show nothing.
    if (!hasRivals) return { name, thread, backend: trainer.backend, trial: null, note };
    const trial = await tryTrainer(trainer, task, () => clock.now() > enoughMs);
    if (!hasFiniteNumbers(trial)) throw new Error("it computed numbers that are not finite");
    const yardstick = contestants.find((other) => !isGpu(other.name));
    if (yardstick?.trial && !agree(trial, yardstick.trial))
      throw new Error("it computed something else than the processor");
    return { name, thread, backend: trainer.backend, trial, note };
  }

  async function competeOnProcessor(): Promise<void> {
    if (only !== "cpu") await compete("wasm", limits.processorMs);
    if (contestants.length === 0 && only !== "wasm") await compete("cpu", limits.processorMs);
  }

  /** Nobody waits for the processor's trial to hear that what he asked for is not there. */
  async function openWanted(name: BackendName): Promise<BackendThread> {
    const refusal = whyRefused(name);
    if (refusal !== undefined) throw unusable(name, refusal);
    const thread = open(name);
    const limitMs = limits.insistedGpuMs;
    try {
      await within(clock, limitMs, `it does not answer in ${limitMs / 1_000} s`, thread.device);
      return thread;
    } catch (error) {
      thread.close();
      throw unusable(name, shortReason(error));
    }
  }

  async function competeOnRivals(): Promise<void> {
    const limitMs = wish.processor === "gpu" ? limits.insistedGpuMs : gpuMs;
    const endMs = clock.now() + Math.max(limits.allGpusMs, limitMs);
    for (const name of only === undefined ? options.rivals : [only]) {
      const refusal = whyRefused(name);
      if (refusal !== undefined) trials.push({ name, stepMs: null, note: refusal });
      else if (clock.now() < endMs) await compete(name, limitMs, wantedThread);
      else trials.push({ name, stepMs: null, note: "it was not tried: the others took too long" });
    }
  }

  const wantedThread = only !== undefined && isGpu(only) ? await openWanted(only) : undefined;
  await competeOnProcessor();
  if (hasRivals) await competeOnRivals();
  const [winner, ...others] = contestants.toSorted(byRank(wish));
  for (const { thread } of winner && isWanted(wish, winner) ? others : contestants) thread.close();
  if (only !== undefined && winner?.name !== only) throw unusable(only, noteOf(only, trials));
  if (!winner) throw new Error(`nothing here can train: ${trials.map(told).join("; ")}`);
  const { name, thread, backend, trial } = winner;
  const why = whyChosen(name, wish, trials);
  return {
    name,
    thread,
    stepMs: trial?.stepMs ?? null,
    report: { name, title: titleOf(name, backend), why, trials },
    backups: backupsOf(winner, others, trials),
  };
}

function processorOf({ processor, only }: Wish): Processor {
  if (only === undefined) return processor;
  return isGpu(only) ? "gpu" : "cpu";
}

function isWanted({ only }: Wish, { name }: Contestant): boolean {
  return only === undefined || only === name;
}

/** What a person asked for, then the fastest. */
function byRank({ processor }: Wish): (a: Contestant, b: Contestant) => number {
  const isUnwanted = ({ name }: Contestant) => Number(processor === "gpu" && !isGpu(name));
  return (a, b) => isUnwanted(a) - isUnwanted(b) || stepMsOf(a) - stepMsOf(b);
}

const stepMsOf = ({ trial }: Contestant): number => trial?.stepMs ?? Infinity;

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

const unusable = (name: BackendName, why: string) =>
  new Error(`training backend "${name}" can't be used here: ${why}`);

const noteOf = (name: BackendName, trials: readonly BackendTrial[]) =>
  trials.find((trial) => trial.name === name)?.note ?? "too slow";

const told = ({ name, note }: BackendTrial) => `${name}: ${note ?? "too slow"}`;

/** Browsers' own words may be long. */
function shortReason(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^training thread: /, "").slice(0, 200);
}
