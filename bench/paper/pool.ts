/**
 * Trainings side by side, each in a process of its own: as many at a time as there are processors for them.
 * Several commands may share a folder: each training is done by one of them, and all use its result.
 */
import { fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { checkedData } from "../../peer-node/checked-data.ts";
import { CommandError, usageError } from "../../peer-node/exit-codes.ts";
import { duration } from "../../peer-node/format.ts";
import { needsFiles } from "../../shared/training/data/needs-files.ts";
import { createPace } from "./pace.ts";
import type { Order, Report } from "./run-child.ts";
import { takeLock } from "./run-lock.ts";
import type { Lock } from "./run-lock.ts";
import { readResult } from "./run-result.ts";
import type { RunResult } from "./run-result.ts";
import { keyOf } from "./run-spec.ts";
import type { RunSpec } from "./run-spec.ts";

export interface PoolOptions {
  /** At a time. */
  readonly jobs: number;
  /** Results and checkpoints are kept here; what has a result is not run again. */
  readonly folder: string;
  readonly dataDir: string | undefined;
  readonly signal: AbortSignal;
  say(line: string): void;
}

const childFile = fileURLToPath(new URL("run-child.js", import.meta.url));
const sayMs = 30_000;
/** Between two looks at a training that another process does. */
const pollMs = 500;
/** Rounds between two checkpoints; another number, other losses. */
const segmentRounds = 50;

/** @returns in the order of `specs`; rejects when a run fails or the signal comes */
export async function runAll(specs: readonly RunSpec[], options: PoolOptions): Promise<RunResult[]> {
  const { signal, say } = options;
  mkdirSync(options.folder, { recursive: true });
  const waiting = specs.filter((spec) => !resultOf(spec, options));
  await checkFiles(waiting, options.dataDir);
  const pace = createPace(roundsOf(waiting));
  const elsewhere = new Set<RunSpec>();
  let saidMs = performance.now();
  if (waiting.length < specs.length)
    say(`${specs.length - waiting.length} of ${specs.length} trainings have been done before`);

  function onRounds(spec: RunSpec, rounds: number): void {
    pace.did(rounds);
    if (performance.now() - saidMs < sayMs) return;
    saidMs = performance.now();
    say(`${keyOf(spec)}: ${pace.done} of ${pace.total} rounds of all, ${duration(pace.leftMs())} left`);
  }

  /** Another process is at it: to be looked at again, after what nobody is at. */
  async function putOff(spec: RunSpec, holder: string): Promise<void> {
    if (!elsewhere.has(spec)) say(`${keyOf(spec)}: waiting for process ${holder}, which is at it`);
    elsewhere.add(spec);
    waiting.push(spec);
    await pause(pollMs, undefined, { signal });
  }

  async function train(spec: RunSpec, lock: Lock): Promise<void> {
    // Of this moment: whoever held the lock before may have finished it.
    if (resultOf(spec, options)) return pace.skip(spec.task.rounds);
    const begun = performance.now();
    await runChild(spec, options, lock, {
      onBegun: (earlier) => pace.skip(earlier),
      onRounds: (rounds) => onRounds(spec, rounds),
    });
    say(`${keyOf(spec)}: done in ${duration(performance.now() - begun)}`);
  }

  async function work(): Promise<void> {
    for (let spec = waiting.shift(); spec; spec = waiting.shift()) {
      const lock = takeLock(`${fileOf(spec, options)}.lock`);
      if (!lock.isOurs) await putOff(spec, lock.holder);
      else await train(spec, lock).finally(lock.release);
    }
  }

  await Promise.all(Array.from({ length: options.jobs }, work));
  return specs.map((spec) => {
    const result = resultOf(spec, options);
    if (!result) throw new Error(`${keyOf(spec)}: its result is gone`);
    return result;
  });
}

/** Before anything is trained. @throws CommandError with one sentence about what is missing or wrong. */
async function checkFiles(specs: readonly RunSpec[], dataDir: string | undefined): Promise<void> {
  const withFiles = specs.map(({ task }) => task).filter(({ data }) => needsFiles(data));
  // Once for each kind of data, and for each way to split them.
  const different = new Map(withFiles.map((task) => [JSON.stringify(task.data), task]));
  for (const task of different.values()) {
    if (!(await checkedData(task, dataDir)))
      throw usageError(`data of ${task.name}: --data-dir DIR must say where they are (docs/data.md)`);
  }
}

function fileOf(spec: RunSpec, { folder }: PoolOptions): string {
  return join(folder, `${keyOf(spec)}.json`);
}

function resultOf(spec: RunSpec, options: PoolOptions): RunResult | undefined {
  return readResult(fileOf(spec, options), spec, segmentRounds);
}

function roundsOf(specs: readonly RunSpec[]): number {
  return specs.reduce((sum, { task }) => sum + task.rounds, 0);
}

interface Follower {
  /** With so many rounds of an earlier start. */
  onBegun(earlier: number): void;
  /** So many more. */
  onRounds(rounds: number): void;
}

function runChild(spec: RunSpec, options: PoolOptions, lock: Lock, follower: Follower): Promise<void> {
  const { dataDir, signal } = options;
  return new Promise((resolve, reject) => {
    const child = fork(childFile, { signal, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    if (child.pid !== undefined) lock.handTo(child.pid);
    let known: number | undefined;
    let failure: Error | undefined;
    child.on("message", (report: Report) => {
      if ("failed" in report) {
        failure = new CommandError(report.exitCode, report.failed);
      } else {
        if (known === undefined) follower.onBegun(report.done);
        else follower.onRounds(report.done - known);
        known = report.done;
      }
    });
    child.once("error", (error) => {
      failure = error;
      // One that never began has no end.
      if (child.pid === undefined) reject(error);
    });
    child.once("exit", (code, by) => {
      const end = () => {
        if (code === 0) resolve();
        else reject(failure ?? new Error(`${keyOf(spec)}: ended with ${code ?? by} and no result`));
      };
      // Its last message may still be on its way.
      if (child.connected) child.once("disconnect", end);
      else end();
    });
    child.send({ spec, file: fileOf(spec, options), dataDir, segmentRounds } satisfies Order);
  });
}
