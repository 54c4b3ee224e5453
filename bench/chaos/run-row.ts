/** One row from start to end: as often as it says, and nothing of it is left afterwards. */
import { mean } from "../../shared/simulation/figures.ts";
import { createRng, mix } from "../../shared/core/rng.ts";
import type { Task } from "../../shared/core/task.ts";
import { createKernelLab } from "../../test/labs/kernel.ts";
import { runTraining } from "../../test/labs/run-figures.ts";
import { kernelSite, proxySite, startTraining } from "../../test/labs/training-run.ts";
import { isMet, worst } from "./row.ts";
import type { Chaos, Check, Row, Size } from "./row.ts";

export interface Outcome {
  readonly row: Row["name"];
  readonly size: Size;
  readonly seed: number;
  /** The worst of all repeats. */
  readonly checks: readonly Check[];
  /** All repeats, in order. */
  readonly repeats: readonly (readonly Check[])[];
  readonly seconds: number;
  /** Of a row whose length is its point: how long it was. */
  readonly minutes?: number;
  /** Why there are no figures, or not all. */
  readonly failed?: string;
}

/** Of runs without faults, by task and peers. */
export type Unharmed = Chaos["unharmed"];

export function createUnharmed(say: (text: string) => void): Unharmed {
  const measured = new Map<string, Promise<number>>();
  const measure = async (task: Task, peers: number) => {
    say(`${peers} peers without faults, to compare`);
    const { accuracies } = await runTraining({ site: proxySite(0), task, peers, timeLimitMs: 240_000 });
    return mean(accuracies);
  };
  return (task, peers) => {
    const key = JSON.stringify([task, peers]);
    const found = measured.get(key) ?? measure(task, peers);
    measured.set(key, found);
    return found;
  };
}

export async function runRow(
  row: Row,
  options: {
    readonly size: Size;
    readonly seed: number;
    readonly unharmed: Unharmed;
    readonly say: (text: string) => void;
    /** In place of the row's own. */
    readonly repeats?: number | undefined;
    readonly minutes?: number | undefined;
  },
): Promise<Outcome> {
  const { size, seed, say } = options;
  const count = options.repeats ?? row.repeats[size];
  const repeats: (readonly Check[])[] = [];
  const startedMs = performance.now();
  let failed: string | undefined;
  try {
    for (let repeat = 0; repeat < count; repeat++) {
      say(count > 1 ? `${repeat + 1} of ${count}` : "begins");
      repeats.push(await once(row, { ...options, seed: mix(seed, repeat) }));
    }
  } catch (error) {
    failed = error instanceof Error ? error.message : String(error);
  }
  const checks = (repeats[0] ?? []).map((_, at) => worst(repeats.flatMap((each) => each[at] ?? [])));
  const seconds = (performance.now() - startedMs) / 1_000;
  const minutes = row.minutes && (options.minutes ?? row.minutes[size]);
  return {
    row: row.name,
    size,
    seed,
    checks,
    repeats,
    seconds,
    ...(minutes !== undefined && { minutes }),
    ...(failed !== undefined && { failed }),
  };
}

export function outcomeIsMet({ checks, failed }: Outcome): boolean {
  return failed === undefined && checks.length > 0 && checks.every(isMet);
}

async function once(row: Row, options: Parameters<typeof runRow>[1]): Promise<readonly Check[]> {
  const ends: (() => void | Promise<void>)[] = [];
  const chaos: Chaos = {
    size: options.size,
    rng: createRng(options.seed),
    minutes: options.minutes ?? row.minutes?.[options.size] ?? 0,
    say: options.say,
    after: (end) => void ends.unshift(end),
    unharmed: options.unharmed,
    async start({ task, peers, lab, envOf }) {
      const run = await startTraining(lab ? kernelSite(lab) : proxySite(0), task, peers, envOf);
      ends.unshift(run.close);
      return run;
    },
    async openLab(peers) {
      const lab = await createKernelLab({ peers });
      ends.unshift(lab.close);
      return lab;
    },
  };
  try {
    return await row.run(chaos);
  } finally {
    for (const end of ends) await end();
  }
}
