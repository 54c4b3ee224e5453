/**
 * One training in a process of its own, told by its first message and telling by messages how far it is.
 * Killed at any moment it goes on from its last checkpoint when it is started again.
 */
import { rmSync } from "node:fs";
import { createNodeBackends } from "../../peer-node/backends/node-backends.ts";
import { CommandError, exitCodes } from "../../peer-node/exit-codes.ts";
import type { ExitCode } from "../../peer-node/exit-codes.ts";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { startBackend } from "../../shared/training/backend.ts";
import { writeKept } from "./kept-file.ts";
import type { RunSpec } from "./run-spec.ts";
import { runSimulated } from "./simulated-run.ts";
import { unpackedOnce } from "./unpacked-once.ts";

export interface Order {
  readonly spec: RunSpec;
  /** The result is written here; a checkpoint beside it until then. */
  readonly file: string;
  readonly dataDir: string | undefined;
  readonly segmentRounds: number;
}

/** Rounds that are done, those of earlier starts at once; or what the user can do something about. */
export type Report = { readonly done: number } | { readonly failed: string; readonly exitCode: ExitCode };

/** To nobody when the parent was killed: then this run ends with its channel. */
const tell = (report: Report) => process.send?.(report, undefined, undefined, () => {});

async function run({ spec, file, dataDir, segmentRounds }: Order): Promise<void> {
  await start(spec);
  const checkpointFile = `${file}.checkpoint`;
  const result = await runSimulated(spec, {
    source: dataDir === undefined ? undefined : unpackedOnce(createFolderSource(dataDir)),
    checkpointFile,
    segmentRounds,
    onRound: (done) => tell({ done }),
  });
  writeKept(file, result);
  rmSync(checkpointFile);
}

async function start(spec: RunSpec): Promise<void> {
  const backend = spec.backend ?? "wasm";
  const backends = createNodeBackends(undefined, (reason) => {
    throw new Error(`the graphics card is gone: ${reason}`);
  });
  try {
    await startBackend(backends.choiceOf(backend));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(exitCodes.trainer, `--backend (${backend}): ${why}`);
  }
}

async function obey(order: Order): Promise<void> {
  try {
    await run(order);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    tell({ failed: error.message, exitCode: error.exitCode });
    process.exitCode = error.exitCode;
  }
  process.disconnect();
}

// A run nobody waits for ends.
process.once("disconnect", () => process.exit());
process.once("message", (order: Order) => void obey(order));
