/** Trainings side by side, each in a process of its own: as many at a time as there are processors for them. */
import { fork } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { duration } from "../../peer-node/format.ts";
import type { Order, Progress } from "./run-child.ts";
import { keyOf } from "./run-spec.ts";
import type { RunSpec } from "./run-spec.ts";
import type { RunResult } from "./simulated-run.ts";

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

/** @returns in the order of `specs`; rejects when a run fails or the signal comes */
export async function runAll(specs: readonly RunSpec[], options: PoolOptions): Promise<RunResult[]> {
  mkdirSync(options.folder, { recursive: true });
  const isOpen = (spec: RunSpec) => !existsSync(fileOf(spec, options));
  const waiting = specs.filter(isOpen);
  const [total, begunMs] = [roundsOf(waiting), performance.now()];
  let [done, saidMs] = [0, begunMs];
  if (waiting.length < specs.length)
    options.say(`${specs.length - waiting.length} of ${specs.length} trainings have been done before`);

  function onRounds(spec: RunSpec, rounds: number): void {
    done += rounds;
    const nowMs = performance.now();
    if (nowMs - saidMs < sayMs) return;
    saidMs = nowMs;
    const left = duration(((nowMs - begunMs) * (total - done)) / done);
    options.say(`${keyOf(spec)}: ${done} of ${total} rounds of all, ${left} left`);
  }

  async function work(): Promise<void> {
    for (let spec = waiting.shift(); spec; spec = waiting.shift()) {
      const own = spec;
      const begun = performance.now();
      await runChild(own, options, (rounds) => onRounds(own, rounds));
      options.say(`${keyOf(own)}: done in ${duration(performance.now() - begun)}`);
    }
  }

  await Promise.all(Array.from({ length: options.jobs }, work));
  return specs.map((spec): RunResult => JSON.parse(readFileSync(fileOf(spec, options), "utf8")));
}

function fileOf(spec: RunSpec, { folder }: PoolOptions): string {
  return join(folder, `${keyOf(spec)}.json`);
}

function roundsOf(specs: readonly RunSpec[]): number {
  return specs.reduce((sum, { task }) => sum + task.rounds, 0);
}

/** @param onRounds is told of so many more rounds; those of an earlier start come at once */
function runChild(spec: RunSpec, options: PoolOptions, onRounds: (rounds: number) => void): Promise<void> {
  const { dataDir, signal } = options;
  const file = fileOf(spec, options);
  return new Promise((resolve, reject) => {
    const child = fork(childFile, { signal, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    let known = 0;
    child.on("message", ({ done }: Progress) => {
      onRounds(done - known);
      known = done;
    });
    child.once("error", reject);
    child.once("exit", (code, by) => {
      if (existsSync(file)) resolve();
      else reject(new Error(`${keyOf(spec)}: ended with ${code ?? by} and no result`));
    });
    child.send({ spec, file, dataDir, segmentRounds } satisfies Order);
  });
}

/** Rounds between two checkpoints; another number, other losses. */
const segmentRounds = 50;
