/**
 * One training in a process of its own, told by its first message and telling by messages how far it is.
 * Killed at any moment it goes on from its last checkpoint when it is started again.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { wasmFiles } from "../../peer-node/wasm-binaries.ts";
import { startBackend } from "../../shared/training/backend.ts";
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

export interface Progress {
  readonly done: number;
}

async function run({ spec, file, dataDir, segmentRounds }: Order): Promise<void> {
  await startBackend({ name: "wasm", ...wasmFiles() });
  const checkpointFile = `${file}.checkpoint`;
  const result = await runSimulated(spec, {
    source: dataDir === undefined ? undefined : unpackedOnce(createFolderSource(dataDir)),
    checkpointFile,
    segmentRounds,
    onRound: (done) => process.send?.({ done } satisfies Progress),
  });
  writeFileSync(`${file}.next`, `${JSON.stringify(result)}\n`);
  renameSync(`${file}.next`, file);
  rmSync(checkpointFile);
  process.disconnect();
}

// A run nobody waits for ends.
process.once("disconnect", () => process.exit());
process.once("message", (order: Order) => void run(order));
