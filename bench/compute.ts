/**
 * What a training step costs, for each model on each backend, beside what else there is:
 * `node dist/bench/compute.js [--models mlp,cnn,…] [--backends "shoal wasm,tfjs cpu",…] [--quick]
 * [--out docs/results/compute.json]`. Contestants are processes that take turns, one step each, with the
 * native yardstick in between: what else the machine does hits all of them alike. On a processor CPU time
 * counts, on a GPU wall time; the best step after the first, because nothing makes a step faster by chance.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { peakBytes } from "../shared/training/memory.ts";
import { benchTasks, flopsPerStep } from "./bench-tasks.ts";
import { barPlot } from "./bar-plot.ts";
import type { StepReport } from "./compute-child.ts";
import { contestantNames, startContestant } from "./contestants.ts";
import type { Contestant, ContestantName } from "./contestants.ts";
import { buildOpenblas } from "./openblas.ts";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: Object.keys(benchTasks).join(",") },
    backends: { type: "string", default: contestantNames.join(",") },
    quick: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const models = values.models.split(",").filter((name) => benchTasks[name]);
const wanted = contestantNames.filter((name) => values.backends.split(",").includes(name));
const turns = values.quick ? 4 : 12;
/** Who has used this much gets no further turn. */
const budgetMs = values.quick ? 5_000 : 20_000;
/** A first step this slow is not taken again to be rid of what it compiled. */
const slowMs = 60_000;

interface Row {
  readonly model: string;
  readonly contestant: ContestantName;
  readonly backend?: string;
  /** Why there are no figures. */
  readonly failed?: string;
  readonly steps?: number;
  readonly stepMs?: number;
  readonly medianMs?: number;
  readonly clock?: "CPU" | "wall";
  readonly gflops?: number;
  readonly firstLoss?: number;
  readonly heapMegabytes?: number | null;
  readonly residentMegabytes?: number;
}

interface Runner {
  readonly contestant: Contestant;
  readonly reports: StepReport[];
  spentMs: number;
}

const openblas = buildOpenblas();
const peaks: { full: number; sse: number }[] = [];
const rows: Row[] = [];

for (const model of models) await race(model);

async function race(model: string): Promise<void> {
  const runners: Runner[] = [];
  for (const name of wanted) {
    const reason = notTried(name, model);
    try {
      if (reason !== undefined) throw new Error(reason);
      runners.push({ contestant: await startContestant(name, model), reports: [], spentMs: 0 });
    } catch (error) {
      tell({ model, contestant: name, failed: sentence(error) });
    }
  }
  for (let turn = 0; turn < turns; turn++) {
    if (openblas && turn % 4 === 0) peaks.push(openblas.measure());
    for (const runner of Array.from(runners)) {
      try {
        await takeStep(runner);
      } catch (error) {
        runners.splice(runners.indexOf(runner), 1);
        runner.contestant.close();
        tell({ model, contestant: runner.contestant.name, failed: sentence(error) });
      }
    }
  }
  for (const runner of runners) {
    tell(figures(model, runner));
    runner.contestant.close();
  }
}

async function takeStep(runner: Runner): Promise<void> {
  const { reports, spentMs } = runner;
  const isEnough = reports.length === 1 ? spentMs > slowMs : spentMs > budgetMs;
  if (reports.length > 0 && isEnough) return;
  const report = await runner.contestant.step();
  runner.spentMs += report.wallMs;
  runner.reports.push(report);
}

/** What would take an hour, or is known not to be there. */
function notTried(name: ContestantName, model: string): string | undefined {
  if (name === "tfjs cpu" && model === "resnet-110") return "not run: 15 minutes a step";
  if (name === "tfjs cpu" && values.quick && model.startsWith("resnet")) return "not run: --quick";
  if (name === "jax-js" && model === "resnet-110") return "not run: minutes a step";
  return undefined;
}

function figures(model: string, { contestant, reports }: Runner): Row {
  const { name, backend } = contestant;
  const task = benchTasks[model];
  const [first] = reports;
  if (!task || !first) return { model, contestant: name, failed: "no step" };
  const clock = /gpu/i.test(backend) ? "wall" : "CPU";
  const timeOf = (report: StepReport) => (clock === "wall" ? report.wallMs : report.cpuMs);
  const counted = reports.length === 1 ? reports : reports.slice(1);
  const times = counted.map(timeOf).toSorted((a, b) => a - b);
  const stepMs = times[0] ?? NaN;
  return {
    model,
    contestant: name,
    backend,
    steps: counted.length,
    stepMs,
    medianMs: times[times.length >> 1] ?? NaN,
    clock,
    gflops: flopsPerStep(task) / stepMs / 1e6,
    firstLoss: first.loss,
    heapMegabytes: megabytes(reports.at(-1)?.heapBytes ?? null),
    residentMegabytes: megabytes(reports.at(-1)?.residentBytes ?? null) ?? NaN,
  };
}

function tell(row: Row): void {
  rows.push(row);
  const { model, contestant, failed, stepMs = NaN, gflops = NaN, steps, clock } = row;
  const start = `${model.padEnd(12)} ${contestant.padEnd(13)}`;
  if (failed !== undefined) return console.log(`${start} ${failed}`);
  const memory = row.heapMegabytes ? `heap ${row.heapMegabytes.toFixed(0)} MB` : "";
  console.log(
    `${start} ${stepMs.toFixed(1).padStart(9)} ms ${clock}  ${gflops.toFixed(2).padStart(7)} GFLOP/s  ` +
      `${steps} steps  process ${row.residentMegabytes?.toFixed(0)} MB  ${memory}`,
  );
}

openblas?.remove();
const peak = openblas && {
  full: Math.max(...peaks.map(({ full }) => full)),
  sse: Math.max(...peaks.map(({ sse }) => sse)),
  medianSse: peaks.map(({ sse }) => sse).toSorted((a, b) => a - b)[peaks.length >> 1] ?? NaN,
};
console.log(
  peak
    ? `OpenBLAS, 2048³, one thread: ${peak.full.toFixed(1)} GFLOP/s, restricted to SSE ${peak.sse.toFixed(1)}`
    : "OpenBLAS was not measured: it needs gcc and libopenblas-dev",
);

/** How many times as fast `shoal wasm` is, for each model. */
const ratios = models.map((model) => {
  const of = (name: ContestantName) =>
    rows.find((row) => row.model === model && row.contestant === name)?.gflops;
  const own = of("shoal wasm");
  const against = (other: number | undefined) =>
    own === undefined || other === undefined ? null : Number((own / other).toPrecision(3));
  return {
    model,
    openblasSse: against(peak?.sse),
    openblas: against(peak?.full),
    tfjsCpu: against(of("tfjs cpu")),
    tfjsWasm: against(of("tfjs wasm")),
    jaxJs: against(of("jax-js")),
    predictedMegabytes: Math.round(peakBytes(taskOf(model), "wasm") / 1e6),
  };
});
console.table(ratios);

if (values.out !== undefined) {
  mkdirSync(dirname(values.out), { recursive: true });
  const machine = { processor: cpus()[0]?.model, threads: cpus().length, node: process.version };
  const report = { machine, options: values, openblas: peak, ratios, rows };
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(values.out.replace(/\.json$/, ".svg"), plot());
}

function plot(): string {
  const groups = models.map((model) => ({
    title: model,
    bars: rows.flatMap(({ model: of, contestant, gflops, stepMs = NaN }) =>
      of === model && gflops !== undefined
        ? [
            {
              name: contestant,
              value: gflops,
              label: duration(stepMs),
              colour: colourOf(contestant),
            },
          ]
        : [],
    ),
  }));
  const yardstick = peak && {
    title: "2048³ matrices",
    bars: [
      { name: "OpenBLAS", value: peak.full, label: peak.full.toFixed(0), colour: "#999" },
      { name: "OpenBLAS, SSE", value: peak.sse, label: peak.sse.toFixed(0), colour: "#999" },
    ],
  };
  return barPlot("A training step, one core", "GFLOP/s", [...groups, ...(yardstick ? [yardstick] : [])]);
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1_000).toPrecision(3))} s`;
}

function colourOf(name: ContestantName): string {
  return name.startsWith("shoal") ? "#1f77b4" : "#ff9f4a";
}

function taskOf(model: string) {
  const task = benchTasks[model];
  if (!task) throw new Error(`no bench task ${model}`);
  return task;
}

function megabytes(bytes: number | null): number | null {
  return bytes === null ? null : bytes / 1e6;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
