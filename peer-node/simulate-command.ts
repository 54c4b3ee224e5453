/** `shoal simulate`: a training in virtual time, as a table and as JSON. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { dropCauses } from "../shared/core/drops.ts";
import { robustOf } from "../shared/core/robust-setting.ts";
import { simulate } from "../shared/simulation/simulate.ts";
import type { SimulationOptions, SimulationResult, SimulationRow } from "../shared/simulation/simulate.ts";
import type { OptionValues } from "./cli-options.ts";
import type { simulate as simulateCommand } from "./commands.ts";
import { exitCodes, usageError } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { deliveredShare, milliseconds, percent, whole } from "./format.ts";

type SimulateOptions = OptionValues<typeof simulateCommand.options>;

export async function runSimulate(options: SimulateOptions): Promise<ExitCode> {
  const simulated = simulationOf(options);
  // A long run must not end with figures that can't be kept.
  if (options.json !== undefined) onFile(options.json, (file) => closeSync(openSync(file, "a")));
  print(`${titleOf(simulated)}\n`);
  print(rowLine(["round", "loss", "accuracy", "worst", "spread", "virtual s"]));
  const result = simulate({ ...simulated, onRow: (row) => print(rowLine(cellsOf(row))) });
  print(`\n${summaryOf(result)}`);
  const json = `${JSON.stringify({ options: simulated, ...result }, null, 2)}\n`;
  if (options.json !== undefined) onFile(options.json, (file) => writeFileSync(file, json));
  return exitCodes.done;
}

function simulationOf(options: SimulateOptions) {
  const { peers = 16, rounds = 500, slow = 0, dead = 0 } = options;
  if (slow > peers) throw usageError(`--slow (${slow}): must be at most --peers (${peers})`);
  if (dead >= peers) throw usageError(`--dead (${dead}): must be less than --peers (${peers})`);
  if (options.averaging === "reliable" && (options.parity ?? 0) > 0)
    throw usageError(`--parity (${options.parity}): reliable averaging loses nothing`);
  if (options.averaging === "running-sums" && options.robust !== undefined)
    throw usageError(`--robust (${options.robust}): running sums have no middle`);
  const firstDead = peers - dead;
  return {
    peers,
    rounds,
    averaging: options.averaging ?? "rps",
    ...(options.robust === undefined ? {} : { robust: robustOf(options.robust) }),
    parity: options.parity ?? 0,
    weather: {
      loss: options.loss ?? 0.1,
      meanBurst: options.burst ?? 1,
      delayMs: options.delay ?? 1,
      jitterMs: options.jitter ?? 0,
      duplicate: options.duplicate ?? 0,
    },
    slowPeers: slow,
    slowFactor: options["slow-factor"] ?? 10,
    deaths: Array.from({ length: dead }, (_, at) => ({
      peer: firstDead + at,
      round: Math.floor(rounds / 3),
    })),
    ...(options.notice === undefined ? {} : { noticeMs: options.notice }),
    seed: options.seed ?? 1,
  } as const satisfies SimulationOptions;
}

function titleOf(options: ReturnType<typeof simulationOf>): string {
  const { peers, rounds, averaging, robust, parity, weather, seed } = options;
  const bursts = weather.meanBurst > 1 ? ` in bursts of ${weather.meanBurst}` : "";
  const added = parity > 0 ? ` with ${percent(parity, 0)} parity` : "";
  return `${peers} peers, ${rounds} rounds of ${averaging}${robust ? ` (${robust.kind})` : ""}${added}, ${percent(weather.loss)} loss${bursts}, seed ${seed}`;
}

function cellsOf({ round, loss, accuracy, worstAccuracy, spread, seconds }: SimulationRow): string[] {
  return [
    whole(round),
    loss.toFixed(4),
    percent(accuracy, 2),
    percent(worstAccuracy, 2),
    spread.toExponential(1),
    seconds.toFixed(1),
  ];
}

function rowLine(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(10)).join("");
}

function summaryOf(result: SimulationResult): string {
  const { roundMsP50, roundMsP99, cycleMsP50, received, drops } = result;
  const causes = dropCauses.map((cause) => `${cause} ${whole(drops[cause])}`).join(", ");
  return [
    `averaging    p50 ${milliseconds(roundMsP50)}, p99 ${milliseconds(roundMsP99)}; whole round ${milliseconds(cycleMsP50)}`,
    `deadline     at most ${percent(result.worstDeadlineUse)} of it was used`,
    `fragments    ${whole(received)} delivered (${percent(deliveredShare(received, drops), 2)}); ${causes}`,
  ].join("\n");
}

function onFile(file: string, write: (file: string) => void): void {
  try {
    write(file);
  } catch (error) {
    throw usageError(`--json (${file}): ${error instanceof Error ? error.message : String(error)}`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
