/** A simulated training is killed again and again; in the end nobody can tell. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Order, Report } from "../../bench/paper/run-child.ts";
import { readResult } from "../../bench/paper/run-result.ts";
import type { RunResult } from "../../bench/paper/run-result.ts";
import type { RunSpec } from "../../bench/paper/run-spec.ts";
import { createRng } from "../../shared/core/rng.ts";
import { parseTask } from "../../shared/core/task.ts";

const specOf = (task: object): RunSpec => ({
  task: parseTask({
    name: "tiny",
    model: { kind: "mlp", hidden: [16] },
    data: { kind: "glyphs", samplesPerShard: 128, validationSamples: 64, seed: 1 },
    optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9 },
    batch: 16,
    work: { samplesPerRound: 16 },
    seed: 3,
    rounds: 60,
    ...task,
  }),
  workers: 4,
  drop: 0.2,
  meanBurst: 4,
  evaluation: "whole",
});
const segmentRounds = 7;
const child = fileURLToPath(new URL("../../bench/paper/run-child.js", import.meta.url));

/** Runs until it ends or has done so many more rounds; true when there is a result. */
async function runFor(spec: RunSpec, file: string, rounds: number): Promise<boolean> {
  const run = fork(child);
  let begun: number | undefined;
  run.on("message", (report: Report) => {
    if ("failed" in report) return;
    begun ??= report.done;
    if (report.done >= begun + rounds) run.kill("SIGKILL");
  });
  run.send({ spec, file, dataDir: undefined, segmentRounds } satisfies Order);
  await once(run, "exit");
  return existsSync(file);
}

/** All but how long it took. */
function resultIn(file: string, spec: RunSpec): Omit<RunResult, "processorSeconds"> {
  const result = readResult(file, spec, segmentRounds);
  assert.ok(result && result.processorSeconds > 0);
  const { processorSeconds: _, ...rest } = result;
  return rest;
}

for (const [name, task] of [
  ["momentum", {}],
  // Its owners remember what they have published.
  ["running sums", { averaging: "running-sums", rounds: 80 }],
] as const) {
  test(`killed at any moment, a training with ${name} goes on from there, to the bit-identical result`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "shoal-resume-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const spec = specOf(task);
    const straight = join(folder, "straight.json");
    assert.ok(await runFor(spec, straight, Infinity));
    const killed = join(folder, "killed.json");
    const rng = createRng(1);
    let kills = 0;
    while (!(await runFor(spec, killed, 8 + rng.below(12)))) kills += 1;
    assert.ok(kills >= 2, `killed ${kills} times`);
    assert.deepEqual(resultIn(killed, spec), resultIn(straight, spec));
    assert.ok(Math.abs(resultIn(straight, spec).dropped - 0.2) < 0.03);
  });
}
