/**
 * One peer alone learns a task from real data, to see that it learns what it should:
 * `node dist/bench/learn.js TASK [--epochs N] --data-dir DIR [--backend wasm|cpu] [--out FILE.json]`, TASK as
 * for `shoal serve --task`. Beside FILE.json it draws FILE.svg. Ctrl-C ends it early and keeps what there is.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createFolderSource } from "../peer-node/folder-source.ts";
import { duration } from "../peer-node/format.ts";
import { loadTask } from "../peer-node/task-source.ts";
import { wasmFiles } from "../peer-node/wasm-binaries.ts";
import type { Task } from "../shared/core/task.ts";
import { createTrainer } from "../shared/training/create-trainer.ts";
import { loadData } from "../shared/training/data/load-data.ts";
import type { Trainer } from "../shared/training/trainer.ts";
import { linePlot } from "./line-plot.ts";
import { testOn } from "./test-split.ts";
import type { TestFigures } from "./test-split.ts";

const { values, positionals } = parseArgs({
  options: {
    epochs: { type: "string" },
    "data-dir": { type: "string", default: process.env["SHOAL_DATA"] ?? "." },
    backend: { type: "string", default: "wasm" },
    out: { type: "string" },
  },
  allowPositionals: true,
});
const [source, taskName = "glyphs-cnn"] = [createFolderSource(values["data-dir"]), ...positionals];
const clock = { now: () => performance.now() };
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

/** Steps between two points of the curve. */
const curveSteps = 20;
const validationsPerRun = 20;
const sayMs = 30_000;

interface LearnFigures {
  readonly task: Task;
  readonly backend: string;
  readonly processor: string;
  readonly steps: number;
  readonly epochs: number;
  readonly trainSeconds: number;
  readonly msPerStep: number;
  /** Of the processor's time: what others do on the machine does not count. */
  readonly processorMsPerStep: number;
  /** [epoch, nats], each the mean of `curveSteps` steps. */
  readonly trainLoss: readonly (readonly [number, number])[];
  /** [epoch, nats, accuracy]. */
  readonly validation: readonly (readonly [number, number, number])[];
  readonly test: TestFigures | undefined;
}

/** One round a step, so that the learning rate follows the steps; one shard, so that it learns from all. */
async function prepare(): Promise<{ task: Task; stepsPerEpoch: number }> {
  const task = loadTask(taskName);
  const data = "shards" in task.data ? { ...task.data, shards: 1 } : task.data;
  const samples = samplesIn(await loadData(data, { shard: 0, source }));
  const stepsPerEpoch = Math.ceil(samples / task.batch);
  const perRound = "samplesPerRound" in task.work ? task.work.samplesPerRound / task.batch : 1;
  const epochs = values.epochs === undefined ? undefined : Number(values.epochs);
  if (epochs !== undefined && !(epochs > 0)) throw new Error(`--epochs (${values.epochs}): must be above 0`);
  const rounds =
    epochs === undefined ? Math.round(task.rounds * perRound) : Math.round(epochs * stepsPerEpoch);
  const warmupRounds = Math.min(Math.round(task.optimizer.warmupRounds * perRound), rounds - 1);
  const optimizer = { ...task.optimizer, warmupRounds };
  return { task: { ...task, data, rounds, optimizer, work: { samplesPerRound: task.batch } }, stepsPerEpoch };
}

function samplesIn({ train }: Awaited<ReturnType<typeof loadData>>): number {
  return train.count;
}

async function validate(trainer: Trainer, parameters: Float32Array): Promise<[number, number]> {
  const all = { from: 0, count: trainer.validationSamples };
  const { validation } = await trainer.train(parameters, { round: 0, samples: 0, validate: all });
  if (!validation) throw new Error("no validation came back");
  return [validation.lossSum / validation.count, validation.correct / validation.count];
}

async function learn(): Promise<LearnFigures> {
  const { task, stepsPerEpoch } = await prepare();
  const backend =
    values.backend === "cpu" ? { name: "cpu" as const } : { name: "wasm" as const, ...wasmFiles() };
  const trainer = await createTrainer(task, { shard: 0, backend, clock, source });
  const trainLoss: [number, number][] = [];
  const validation: [number, number, number][] = [];
  const between = Math.max(1, Math.round(task.rounds / validationsPerRun));
  let parameters = await trainer.initialParameters();
  let [step, trainMs, processorMs, lossSum, saidMs] = [0, 0, 0, 0, -Infinity];
  while (step < task.rounds && !stop.signal.aborted) {
    const begun = process.cpuUsage();
    const result = await trainer.train(parameters, { round: step, samples: task.batch });
    const { user, system } = process.cpuUsage(begun);
    processorMs += (user + system) / 1000;
    parameters = result.parameters;
    trainMs += result.trainMs;
    lossSum += result.loss;
    step += 1;
    if (step % curveSteps === 0) {
      trainLoss.push([step / stepsPerEpoch, lossSum / curveSteps]);
      lossSum = 0;
    }
    if (step % between === 0 || step === task.rounds) {
      validation.push([step / stepsPerEpoch, ...(await validate(trainer, parameters))]);
      saidMs = -Infinity;
    }
    if (clock.now() - saidMs > sayMs) {
      const left = duration(((task.rounds - step) * trainMs) / step);
      console.log(`${said(step, stepsPerEpoch, trainLoss, validation)}, ${left} left`);
      saidMs = clock.now();
    }
    // Lets Ctrl-C through.
    await setImmediate();
  }
  const figures = {
    task,
    backend: trainer.backend,
    processor: cpus()[0]?.model ?? "unknown",
    steps: step,
    epochs: step / stepsPerEpoch,
    trainSeconds: trainMs / 1000,
    msPerStep: trainMs / step,
    processorMsPerStep: processorMs / step,
    trainLoss,
    validation,
    test: await testOn(task, parameters, source),
  };
  await trainer.close();
  return figures;
}

function said(
  step: number,
  stepsPerEpoch: number,
  trainLoss: LearnFigures["trainLoss"],
  validation: LearnFigures["validation"],
): string {
  const [, loss] = trainLoss.at(-1) ?? [];
  const [, validationLoss, accuracy] = validation.at(-1) ?? [];
  const words = [`epoch ${(step / stepsPerEpoch).toFixed(2)}`, `step ${step}`];
  if (loss !== undefined) words.push(`loss ${loss.toFixed(4)}`);
  if (validationLoss !== undefined && accuracy !== undefined)
    words.push(`validation ${validationLoss.toFixed(4)} (${(100 * accuracy).toFixed(2)} % right)`);
  return words.join(", ");
}

function keep(file: string, figures: LearnFigures): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(figures)}\n`);
  const text = { title: `${figures.task.name}, one peer alone`, x: "epochs", y: "loss (nats)" };
  const curves = [
    { name: "training", colour: "#4477aa", points: figures.trainLoss },
    {
      name: "validation",
      colour: "#ee6677",
      points: figures.validation.map(([epoch, loss]) => [epoch, loss] as const),
    },
  ];
  writeFileSync(file.replace(/(?:\.json)?$/, ".svg"), linePlot(text, curves));
}

const figures = await learn();
for (const [name, value] of Object.entries(figures.test ?? {}))
  console.log(`${name}: ${Number(value.toFixed(4))}`);
const { steps, trainSeconds, msPerStep, processorMsPerStep } = figures;
console.log(
  `${steps} steps in ${duration(trainSeconds * 1000)}: ${msPerStep.toFixed(1)} ms each, ` +
    `${processorMsPerStep.toFixed(1)} ms of the processor's time`,
);
if (values.out !== undefined) keep(values.out, figures);
process.exitCode = stop.signal.aborted ? 130 : 0;
