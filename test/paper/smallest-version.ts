/**
 * The smallest version of a figure, trained in the process of the test: a process for each training, as
 * bench/paper/pool.ts has it, would be half of the time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Figure, FigureFiles } from "../../bench/paper/figures/figure.ts";
import type { RunResult } from "../../bench/paper/run-result.ts";
import { keyOf } from "../../bench/paper/run-spec.ts";
import type { RunSpec } from "../../bench/paper/run-spec.ts";
import { runSimulated } from "../../bench/paper/simulated-run.ts";
import { unpackedOnce } from "../../bench/paper/unpacked-once.ts";
import { createNodeBackends } from "../../peer-node/backends/node-backends.ts";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { startBackend } from "../../shared/training/backend.ts";

export type Maker = <Kept>(figure: Figure<Kept>) => Promise<FigureFiles<Kept>>;

/** Of all figures of a test file: what one has trained, another does not train again. */
export function createMaker(): Maker {
  const folder = mkdtempSync(join(tmpdir(), "shoal-paper-"));
  after(() => rmSync(folder, { recursive: true }));
  const dataDir = process.env["SHOAL_DATA"];
  const source = dataDir === undefined ? undefined : unpackedOnce(createFolderSource(dataDir));
  const done = new Map<string, RunResult>();
  let started: Promise<unknown> | undefined;

  async function train(spec: RunSpec): Promise<RunResult> {
    const key = keyOf(spec);
    const known = done.get(key);
    if (known) return known;
    started ??= startBackend(createNodeBackends(undefined, () => {}).choiceOf("wasm"));
    await started;
    const checkpointFile = join(folder, key);
    const result = await runSimulated(spec, { source, checkpointFile, segmentRounds: 50 });
    done.set(key, result);
    return result;
  }

  async function trainAll(specs: readonly RunSpec[]): Promise<RunResult[]> {
    const results: RunResult[] = [];
    for (const spec of specs) results.push(await train(spec));
    return results;
  }

  return (figure) =>
    figure.make({
      size: "test",
      signal: new AbortController().signal,
      say: () => {},
      keep: ({ make }) => make(),
      train: trainAll,
    });
}
