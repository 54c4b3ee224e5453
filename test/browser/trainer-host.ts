/** Stands in for the peer's worker: starts a trainer as it does, trains, and measures how long it was blocked. */
import { startTabTrainer } from "../../peer-browser/trainer/start-trainer.ts";
import type { Task } from "../../shared/core/task.ts";
import type { BackendName, BackendReport, Processor } from "../../shared/training/backend-report.ts";
import type { MakeTrainer } from "../../shared/training/remote-backend.ts";
import { createRemoteTrainer } from "../../shared/training/remote-trainer.ts";
import type { TrainerReply } from "../../shared/training/remote-trainer.ts";
import type { Trainer } from "../../shared/training/trainer.ts";

export interface TrainingJob {
  readonly task: Task;
  readonly shard: number;
  /** One backend, or what a person asked for. */
  readonly on: { readonly backend: BackendName } | { readonly processor: Processor };
  readonly rounds: number;
  readonly samples: number;
  /** The rounds are counted from the loss of a backend, which the test brings about meanwhile. */
  readonly afterLoss?: boolean;
}

export interface TrainingOutcome {
  /** The trainer's own word. */
  readonly backend: string;
  readonly report: BackendReport | null;
  readonly losses: readonly number[];
  readonly firstParameters: readonly number[];
  readonly stepMs: number;
  /** The longest that this worker was kept from its timers, in each round. */
  readonly gapsMs: readonly number[];
  readonly losts: readonly {
    readonly was: BackendName;
    readonly why: string;
    readonly report: BackendReport;
  }[];
}

/** For a GPU to answer and show that it is software: on a busy machine longer than anybody would wait. */
const gpuMs = 30_000;

const losts: TrainingOutcome["losts"][number][] = [];

async function start({
  task,
  shard,
  on,
}: TrainingJob): Promise<{ trainer: Trainer; report: BackendReport | null }> {
  if ("backend" in on) return { trainer: await startOn(on.backend, task, shard), report: null };
  const onLost = (was: BackendName, why: string, report: BackendReport) => losts.push({ was, why, report });
  return startTabTrainer(task, shard, { processor: on.processor, gpuMs, onLost });
}

function startOn(backend: BackendName, task: Task, shard: number): Promise<Trainer> {
  const worker = new Worker("/trainer-worker.js", { type: "module" });
  const remote = createRemoteTrainer({
    post: (request, transfer) => worker.postMessage(request, transfer),
    stop: async () => worker.terminate(),
  });
  worker.addEventListener("message", ({ data }: MessageEvent<TrainerReply>) => remote.receive(data));
  worker.addEventListener("error", ({ message }) => remote.gone(message));
  const request: MakeTrainer = { kind: "make", task, place: { shard }, backend };
  worker.postMessage(request, []);
  return remote.trainer;
}

function watchGaps() {
  let [lastMs, longestMs] = [performance.now(), 0];
  const look = () => (longestMs = Math.max(longestMs, performance.now() - lastMs));
  const ticking = setInterval(() => {
    look();
    lastMs = performance.now();
  }, 10);
  return {
    /** The longest since the last call. One that lasts counts before and after it. */
    next(): number {
      const gapMs = look();
      longestMs = 0;
      return gapMs;
    },
    end: () => clearInterval(ticking),
  };
}

async function train(job: TrainingJob): Promise<TrainingOutcome> {
  const { trainer, report } = await start(job);
  // For tests that break something before the first round.
  postMessage({ started: trainer.backend });
  let parameters = await trainer.initialParameters();
  const firstParameters: number[] = [];
  const losses: number[] = [];
  const gapsMs: number[] = [];
  let stepMs = Infinity;
  const gaps = watchGaps();
  let left = job.rounds;
  for (let round = 0; left > 0; round++) {
    if (!job.afterLoss || losts.length > 0) left--;
    const result = await trainer.train(parameters, { round, samples: job.samples });
    gapsMs.push(gaps.next());
    postMessage({ round });
    parameters = result.parameters;
    if (round === 0) firstParameters.push(...parameters);
    losses.push(result.loss);
    stepMs = Math.min(stepMs, (result.trainMs * job.task.batch) / job.samples);
  }
  gaps.end();
  const { backend } = trainer;
  await trainer.close();
  return { backend, report, losses, firstParameters, stepMs, gapsMs, losts };
}

addEventListener("message", async ({ data }: MessageEvent<TrainingJob>) => {
  try {
    postMessage({ outcome: await train(data) });
  } catch (error) {
    postMessage({ failure: String(error) });
  }
});
