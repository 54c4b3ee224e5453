/**
 * A `Trainer` that outlives its backend. A GPU device can be lost at any moment (driver reset, sleep, another
 * program); then the next best backend takes over, and the call in flight is done again there with the same
 * parameters. Lost with the thread: the optimizer's momentum and the place in the shard.
 */
import type { Clock } from "../core/clock.ts";
import type { Task } from "../core/task.ts";
import { isGpu } from "./backend-thread.ts";
import type { BackendThread, OpenThread } from "./backend-thread.ts";
import { titleOf, whyReplaced } from "./backend-words.ts";
import type { BackendName, BackendReport } from "./backend-report.ts";
import type { Choice } from "./choose-backend.ts";
import { needsFiles } from "./data/needs-files.ts";
import { within } from "./time-limit.ts";
import type { LocalWork, Trainer } from "./trainer.ts";

export interface LastingOptions {
  readonly open: OpenThread;
  readonly clock: Clock;
  /** `report`: what computes now. */
  readonly onLost: (was: BackendName, why: string, report: BackendReport) => void;
}

interface Current {
  readonly name: BackendName;
  readonly thread: BackendThread;
  readonly trainer: Trainer;
}

/** A backend that takes longer than this to take over hangs. */
const startMs = 60_000;
/** Beside that: a slow line, and a data set that comes over it. */
const downloadMs = 600_000;
/** A driver that hangs says nothing; a step that takes this many times its usual time does. */
const patience = 20;
const shortestLimitMs = 30_000;

export async function createLastingTrainer(
  task: Task,
  choice: Choice,
  { open, clock, onLost }: LastingOptions,
): Promise<Trainer> {
  const backups = [...choice.backups];
  let isClosed = false;
  let replacing: Promise<void> | undefined;
  let current = await start(choice.name, choice.thread).catch((error: unknown) => {
    // The trial task was smaller; memory is what the whole one may lack.
    return startNext(choice.name, sentence(error));
  });

  async function start(name: BackendName, thread: BackendThread): Promise<Current> {
    const limitMs = startMs + (needsFiles(task.data) ? downloadMs : 0);
    const slow = `the training backend ${name} did not start within ${limitMs / 1_000} s`;
    try {
      const trainer = await within(clock, limitMs, slow, thread.make(task));
      const started = { name, thread, trainer };
      void thread.lost.then((why) => replace(started, why)).catch(() => {});
      return started;
    } catch (error) {
      thread.close();
      throw error;
    }
  }

  async function startNext(was: BackendName, why: string): Promise<Current> {
    const reasons = [`${was}: ${why}`];
    const whys = new Set([why]);
    for (let name = backups.shift(); name; name = backups.shift()) {
      try {
        const next = await start(name, open(name));
        const { trials } = choice.report;
        const title = titleOf(name, next.trainer.backend);
        onLost(was, why, { name, title, why: whyReplaced(was, why), trials });
        return next;
      } catch (error) {
        reasons.push(`${name}: ${sentence(error)}`);
        whys.add(sentence(error));
      }
    }
    // What all of them say is not about backends, but about the data.
    if (reasons.length > 1 && whys.size === 1) throw new Error(why);
    throw new Error(`no training backend is left (${reasons.join("; ")})`);
  }

  /** Once per loss, however many notice it. */
  async function replace(lost: Current, why: string): Promise<void> {
    if (lost === current && !isClosed) {
      replacing ??= takeOver(lost, why);
      lost.thread.close();
    }
    await replacing;
  }

  async function takeOver(lost: Current, why: string): Promise<void> {
    try {
      current = await startNext(lost.name, why);
      if (isClosed) current.thread.close();
    } finally {
      replacing = undefined;
    }
  }

  /** Done again on the next backend as long as there is one. */
  async function lasting<T>(call: (trainer: Trainer) => Promise<T>, limitMs: number): Promise<T> {
    for (;;) {
      await replacing;
      if (isClosed) throw new Error("the trainer was closed");
      const used = current;
      const hung = `it did not answer within ${Math.round(limitMs / 1_000)} s`;
      try {
        // Only GPUs: a processor that is busy, or a laptop that sleeps, is late and right.
        return await (isGpu(used.name)
          ? within(clock, limitMs, hung, call(used.trainer))
          : call(used.trainer));
      } catch (error) {
        if (isClosed) throw error;
        const why = await lossOf(used, error);
        if (why === undefined) throw error;
        await replace(used, why);
      }
    }
  }

  const size = current.trainer.parameterCount;
  return {
    parameterCount: size,
    validationSamples: current.trainer.validationSamples,
    get backend() {
      return current.trainer.backend;
    },
    initialParameters: () => lasting((trainer) => trainer.initialParameters(), shortestLimitMs),
    async train(parameters, work) {
      // Here, so that a caller's mistake is not taken for a lost GPU.
      if (parameters.length !== size)
        throw new Error(`${parameters.length} parameters came, the model has ${size}`);
      return lasting((trainer) => trainer.train(parameters, work), trainLimitMs(task, choice.stepMs, work));
    },
    async close() {
      isClosed = true;
      current.thread.close();
    },
  };
}

/** Why a failed call means that its backend is gone; undefined when the fault is the call's. */
async function lossOf({ name, thread }: Current, error: unknown): Promise<string | undefined> {
  const now = Symbol();
  // On a GPU the call may fail before the loss is said; no call of ours fails there otherwise.
  const why = await Promise.race([thread.lost, Promise.resolve(now)]);
  if (typeof why === "string") return why;
  return isGpu(name) ? sentence(error) : undefined;
}

function trainLimitMs(task: Task, stepMs: number | null, { samples, validate }: LocalWork): number {
  const steps = Math.ceil((samples + (validate?.count ?? 0)) / task.batch);
  return Math.max(shortestLimitMs, patience * (stepMs ?? 0) * steps);
}

function sentence(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replace(/^training thread: /, "");
}
