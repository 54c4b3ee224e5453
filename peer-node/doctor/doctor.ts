/** `shoal doctor`: what this machine can do. Looks, measures and tells; changes and sends nothing. */
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { whyNoCard } from "../backends/cards.ts";
import type { OptionValues } from "../cli-options.ts";
import type { doctor } from "../commands.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ExitCode } from "../exit-codes.ts";
import { printable, printableJson } from "../printable.ts";
import { readVersion } from "../version.ts";
import { checkBackends } from "./backend-checks.ts";
import type { BackendCheck } from "./backend-checks.ts";
import { checkDataSets } from "./data-checks.ts";
import type { DataCheck } from "./data-checks.ts";
import { reportLines } from "./doctor-lines.ts";
import { checkNetwork } from "./network-checks.ts";
import type { NetworkCheck } from "./network-checks.ts";

export interface DoctorReport {
  readonly shoal: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly threads: number;
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  readonly backends: readonly BackendCheck[];
  readonly network: NetworkCheck;
  /** Null when nobody said where to look. */
  readonly data: DataCheck | null;
}

export async function runDoctor(options: OptionValues<typeof doctor.options>): Promise<ExitCode> {
  // First of all: a folder that is none is wrong use, and the reason to do nothing else.
  const data = await checkDataSets(options["data-dir"]);
  const report: DoctorReport = {
    shoal: readVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: availableParallelism(),
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    // The network first: it is idle while the processor is measured.
    network: await checkNetwork(options["ice-server"] ?? []),
    backends: await checkBackends(options),
    data,
  };
  const out = options.json ? printableJson(report) : reportLines(report).join("\n");
  await written(process.stdout, `${out}\n`);
  const tried = report.backends.map(({ name, title, note }) => ({ name, works: title !== null, note }));
  const fault = whyNoCard(options.device, tried);
  if (fault !== undefined) await written(process.stderr, `shoal: ${printable(fault)}\n`);
  // Not left to end by itself: what hangs on this machine is what the doctor is asked about.
  process.exit(fault === undefined ? exitCodeOf(report) : exitCodes.trainer);
}

function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => stream.write(text, () => resolve()));
}

function exitCodeOf({ backends, network }: DoctorReport): ExitCode {
  if (backends.every(({ title }) => title === null)) return exitCodes.trainer;
  const isCutOff = network.loopback.connectMs === null;
  return isCutOff || network.iceServers.some(({ answered }) => !answered)
    ? exitCodes.unreachable
    : exitCodes.done;
}
