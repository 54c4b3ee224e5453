/**
 * Contestants take training steps of one model in turns, one each, with the native yardstick in between: what
 * else the machine does hits all of them alike. On a processor CPU time counts, on a GPU wall time. The best
 * step is told, because nothing makes a step faster by chance, and the median, which is what one gets.
 */
import { benchTask, flopsPerStep } from "./bench-tasks.ts";
import type { StepReport } from "./compute-child.ts";
import { startContestant } from "./contestants.ts";
import type { Contestant, ContestantName } from "./contestants.ts";
import type { Openblas } from "./openblas.ts";

export interface Row {
  readonly model: string;
  readonly contestant: ContestantName;
  readonly backend?: string;
  /** Why there are no figures. */
  readonly failed?: string;
  /** The steps that count. */
  readonly steps?: number;
  /** False: a step takes so long that its first counts. */
  readonly isWarm?: boolean;
  readonly stepMs?: number;
  readonly medianMs?: number;
  readonly clock?: "CPU" | "wall";
  /** At the best step and at the median. */
  readonly gflops?: number;
  readonly medianGflops?: number;
  readonly firstLoss?: number;
  readonly heapMegabytes?: number | null;
  readonly residentMegabytes?: number;
}

export type Peak = ReturnType<Openblas["measure"]>;

export interface RaceOptions {
  readonly contestants: readonly ContestantName[];
  readonly openblas: Openblas | null;
  readonly isQuick: boolean;
  /** As soon as they are known. */
  readonly onRow: (row: Row) => void;
  readonly onPeak: (peak: Peak) => void;
}

interface Runner {
  readonly contestant: Contestant;
  readonly reports: StepReport[];
  spentMs: number;
}

/** A first step this slow is not taken again to be rid of what it compiled. */
const slowMs = 60_000;

export async function race(model: string, options: RaceOptions): Promise<void> {
  const { openblas, isQuick, onRow, onPeak } = options;
  const turns = isQuick ? 4 : 12;
  /** Who has used this much gets no further turn. */
  const budgetMs = isQuick ? 5_000 : 60_000;
  const runners = await startAll(model, options);
  for (let turn = 0; turn < turns; turn++) {
    if (openblas && turn % 4 === 0) onPeak(openblas.measure());
    for (const runner of Array.from(runners)) {
      try {
        await takeStep(runner, budgetMs);
      } catch (error) {
        runners.splice(runners.indexOf(runner), 1);
        runner.contestant.close();
        onRow({ model, contestant: runner.contestant.name, failed: sentence(error) });
      }
    }
  }
  for (const runner of runners) {
    onRow(figures(model, runner));
    runner.contestant.close();
  }
}

async function startAll(model: string, { contestants, isQuick, onRow }: RaceOptions): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const name of contestants) {
    const reason = notTried(name, model, isQuick);
    try {
      if (reason !== undefined) throw new Error(reason);
      runners.push({ contestant: await startContestant(name, model), reports: [], spentMs: 0 });
    } catch (error) {
      onRow({ model, contestant: name, failed: sentence(error) });
    }
  }
  return runners;
}

/** What would take an hour, or is known not to be there. */
function notTried(name: ContestantName, model: string, isQuick: boolean): string | undefined {
  if (name === "tfjs cpu" && model === "resnet-110") return "not run: 15 minutes a step";
  if (name === "tfjs cpu" && isQuick && model.startsWith("resnet")) return "not run: --quick";
  if (name === "jax-js" && model === "resnet-110") return "not run: minutes a step";
  return undefined;
}

async function takeStep(runner: Runner, budgetMs: number): Promise<void> {
  const { reports, spentMs } = runner;
  const isEnough = reports.length === 1 ? spentMs > slowMs : spentMs > budgetMs;
  if (reports.length > 0 && isEnough) return;
  const report = await runner.contestant.step();
  runner.spentMs += report.wallMs;
  runner.reports.push(report);
}

function figures(model: string, { contestant, reports }: Runner): Row {
  const { name, backend } = contestant;
  const [first, ...warm] = reports;
  if (!first) return { model, contestant: name, failed: "no step" };
  const flops = flopsPerStep(benchTask(model));
  const clock = /gpu/i.test(backend) ? "wall" : "CPU";
  const isWarm = warm.length > 0;
  const counted = isWarm ? warm : [first];
  const times = counted
    .map((report) => (clock === "wall" ? report.wallMs : report.cpuMs))
    .toSorted((a, b) => a - b);
  const [stepMs, medianMs] = [times[0] ?? NaN, times[times.length >> 1] ?? NaN];
  return {
    model,
    contestant: name,
    backend,
    steps: counted.length,
    isWarm,
    stepMs,
    medianMs,
    clock,
    gflops: flops / stepMs / 1e6,
    medianGflops: flops / medianMs / 1e6,
    firstLoss: first.loss,
    heapMegabytes: megabytes(reports.at(-1)?.heapBytes ?? null),
    residentMegabytes: megabytes(reports.at(-1)?.residentBytes ?? null) ?? NaN,
  };
}

function megabytes(bytes: number | null): number | null {
  return bytes === null ? null : bytes / 1e6;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
