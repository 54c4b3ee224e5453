/** One peer alone learns a task from real data, and notes how it goes. */
import { cpus } from "node:os";
import { setImmediate } from "node:timers/promises";
import { duration } from "../peer-node/format.ts";
import type { Task } from "../shared/core/task.ts";
import type { BackendChoice } from "../shared/training/backend.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import type { DataSource } from "../shared/training/data/data-source.ts";
import { loadData } from "../shared/training/data/load-data.ts";
import type { Trainer } from "../shared/training/trainer.ts";
import { testOn } from "./test-split.ts";
import type { TestFigures } from "./test-split.ts";

export interface LearnOptions {
  /** Undefined: as long as the task says. */
  readonly epochs: number | undefined;
  readonly backend: BackendChoice;
  readonly source: DataSource;
  /** Ends it early; what there is by then counts. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface LearnFigures extends Curves {
  readonly task: Task;
  readonly backend: string;
  readonly processor: string;
  readonly steps: number;
  readonly epochs: number;
  readonly trainSeconds: number;
  readonly msPerStep: number;
  /** Of the processor's time: what others do on the machine does not count. */
  readonly processorMsPerStep: number;
  readonly test: TestFigures | undefined;
}

interface Curves {
  /** [epoch, nats], each the mean of `curveSteps` steps. */
  readonly trainLoss: readonly (readonly [number, number])[];
  /** [epoch, nats, accuracy]. */
  readonly validation: readonly (readonly [number, number, number])[];
}

/** Steps between two points of the curve. */
const curveSteps = 20;
const validationsPerRun = 20;
const sayMs = 30_000;
const clock = { now: () => performance.now() };

export async function learn(wanted: Task, options: LearnOptions): Promise<LearnFigures> {
  const { backend, source, signal, say } = options;
  const { task, stepsPerEpoch } = await oneStepRounds(wanted, options);
  const trainer = await createTrainer(task, { shard: 0, backend, clock, source });
  const notes = createNotes(stepsPerEpoch);
  const between = Math.max(1, Math.round(task.rounds / validationsPerRun));
  let parameters = await trainer.initialParameters();
  let [step, trainMs, processorMs, saidMs] = [0, 0, 0, -Infinity];
  while (step < task.rounds && !signal.aborted) {
    const begun = process.cpuUsage();
    const result = await trainer.train(parameters, { round: step, samples: task.batch });
    const { user, system } = process.cpuUsage(begun);
    processorMs += (user + system) / 1000;
    parameters = result.parameters;
    trainMs += result.trainMs;
    step += 1;
    notes.loss(step, result.loss);
    const isToValidate = step % between === 0 || step === task.rounds;
    if (isToValidate) notes.validation(step, ...(await validate(trainer, parameters)));
    if (isToValidate || clock.now() - saidMs > sayMs) {
      say(`${notes.line(step)}, ${duration(((task.rounds - step) * trainMs) / step)} left`);
      saidMs = clock.now();
    }
    // Lets Ctrl-C through.
    await setImmediate();
  }
  await trainer.close();
  return {
    task,
    backend: trainer.backend,
    processor: cpus()[0]?.model ?? "unknown",
    steps: step,
    epochs: step / stepsPerEpoch,
    trainSeconds: trainMs / 1000,
    msPerStep: trainMs / step,
    processorMsPerStep: processorMs / step,
    ...notes.curves,
    test: await testOn(task, parameters, source),
  };
}

/** One round a step, so that the learning rate follows the steps; one shard, so that it learns from all. */
async function oneStepRounds(wanted: Task, { epochs, source }: LearnOptions) {
  const data = "shards" in wanted.data ? { ...wanted.data, shards: 1 } : wanted.data;
  const samples = trainingSamples(await loadData(data, { shard: 0, source }));
  const stepsPerEpoch = Math.ceil(samples / wanted.batch);
  const perRound = "samplesPerRound" in wanted.work ? wanted.work.samplesPerRound / wanted.batch : 1;
  const rounds = Math.max(
    1,
    Math.round(epochs === undefined ? wanted.rounds * perRound : epochs * stepsPerEpoch),
  );
  const warmupRounds = Math.min(Math.round(wanted.optimizer.warmupRounds * perRound), rounds - 1);
  const task: Task = {
    ...wanted,
    data,
    rounds,
    optimizer: { ...wanted.optimizer, warmupRounds },
    work: { samplesPerRound: wanted.batch },
  };
  return { task, stepsPerEpoch };
}

function trainingSamples({ train }: Awaited<ReturnType<typeof loadData>>): number {
  return train.count;
}

async function validate(trainer: Trainer, parameters: Float32Array): Promise<[number, number]> {
  const all = { from: 0, count: trainer.validationSamples };
  const { validation } = await trainer.train(parameters, { round: 0, samples: 0, validate: all });
  if (!validation) throw new Error("no validation came back");
  return [validation.lossSum / validation.count, validation.correct / validation.count];
}

function createNotes(stepsPerEpoch: number) {
  const trainLoss: [number, number][] = [];
  const validation: [number, number, number][] = [];
  const curves: Curves = { trainLoss, validation };
  let lossSum = 0;
  return {
    curves,
    loss(step: number, loss: number): void {
      lossSum += loss;
      if (step % curveSteps !== 0) return;
      trainLoss.push([step / stepsPerEpoch, lossSum / curveSteps]);
      lossSum = 0;
    },
    validation(step: number, loss: number, accuracy: number): void {
      validation.push([step / stepsPerEpoch, loss, accuracy]);
    },
    /** What is known last, for people. */
    line(step: number): string {
      const words = [`epoch ${(step / stepsPerEpoch).toFixed(2)}`, `step ${step}`];
      const [, loss] = trainLoss.at(-1) ?? [];
      const [, validationLoss, accuracy] = validation.at(-1) ?? [];
      if (loss !== undefined) words.push(`loss ${loss.toFixed(4)}`);
      if (validationLoss !== undefined && accuracy !== undefined)
        words.push(`validation ${validationLoss.toFixed(4)} (${(100 * accuracy).toFixed(2)} % right)`);
      return words.join(", ");
    },
  };
}
