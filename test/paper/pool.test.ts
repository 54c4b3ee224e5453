/** Trainings in a work folder: who does them, what is taken from it, and how long the rest takes. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createPace } from "../../bench/paper/pace.ts";
import { runAll } from "../../bench/paper/pool.ts";
import type { RunResult } from "../../bench/paper/run-result.ts";
import { takeLock } from "../../bench/paper/run-lock.ts";
import { keyOf } from "../../bench/paper/run-spec.ts";
import type { RunSpec } from "../../bench/paper/run-spec.ts";
import { parseTask } from "../../shared/core/task.ts";
import { pause } from "../labs/real-time.ts";

const spec: RunSpec = {
  task: parseTask({
    name: "tiny",
    model: { kind: "mlp", hidden: [4] },
    data: { kind: "glyphs", samplesPerShard: 32, validationSamples: 16, seed: 1 },
    optimizer: { kind: "sgd", learningRate: 0.05 },
    batch: 8,
    work: { samplesPerRound: 8 },
    seed: 3,
    rounds: 4,
  }),
  workers: 2,
  drop: 0,
  meanBurst: 1,
  evaluation: "brief",
};

interface Folder {
  readonly file: string;
  readonly said: readonly string[];
  run(signal?: AbortSignal): Promise<RunResult[]>;
}

function workFolder(t: TestContext): Folder {
  const folder = mkdtempSync(join(tmpdir(), "shoal-pool-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  return {
    file: join(folder, `${keyOf(spec)}.json`),
    said,
    run: (signal = new AbortController().signal) =>
      runAll([spec], { jobs: 2, folder, dataDir: undefined, signal, say }),
  };
}

const isWaiting = (line: string) => line.includes("waiting for process");

/** A process that holds the lock until the test has ended. */
function liveProcess(t: TestContext): number {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  t.after(() => child.kill());
  assert.ok(child.pid !== undefined);
  return child.pid;
}

test("two at the same time: one trains, and both have its result", async (t) => {
  const { file, said, run } = workFolder(t);
  const [[first], [second]] = await Promise.all([run(), run()]);
  assert.deepEqual(first, second);
  assert.equal(said.filter((line) => line.includes("done in")).length, 1);
  assert.equal(said.filter(isWaiting).length, 1);
  assert.ok(!existsSync(`${file}.lock`));
});

test("a lock of a dead process is taken over", async (t) => {
  const { file, said, run } = workFolder(t);
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  writeFileSync(`${file}.lock`, String(pid));
  assert.equal((await run()).length, 1);
  assert.ok(!said.some(isWaiting));
});

test("waiting for a live process ends with the signal", async (t) => {
  const { file, said, run } = workFolder(t);
  const holder = String(liveProcess(t));
  writeFileSync(`${file}.lock`, holder);
  const stop = new AbortController();
  const ended = assert.rejects(run(stop.signal), { name: "AbortError" });
  while (!said.some(isWaiting)) await pause(20);
  // Long enough to look again, which says nothing more.
  await pause(1_200);
  stop.abort();
  await ended;
  assert.deepEqual(said.filter(isWaiting).length, 1);
  assert.equal(readFileSync(`${file}.lock`, "utf8"), holder);
});

test("a lock whose pid is not written yet is not taken", (t) => {
  const { file } = workFolder(t);
  writeFileSync(`${file}.lock`, "");
  assert.equal(takeLock(`${file}.lock`).isOurs, false);
});

test("what is not whole, of another program or another training is refused in one sentence", async (t) => {
  const { file, run } = workFolder(t);
  await run();
  const whole = readFileSync(file, "utf8");
  for (const [content, why] of [
    [whole.slice(0, -20), /^.*\.json: is no whole JSON: delete it$/],
    [
      whole.replace('"programVersion":1', '"programVersion":0'),
      /programVersion is 0: must be 1.*: delete it$/,
    ],
    [whole.replace('"programVersion":1,', ""), /programVersion is 0: must be 1.*: delete it$/],
    [
      whole.replace('"segmentRounds":50', '"segmentRounds":4'),
      /segmentRounds is 4: must be 50.*: delete it$/,
    ],
    [whole.replace('"seed":3', '"seed":4'), /\.json: is of another training: delete it$/],
    [whole.replace('"spread":', '"apart":'), /spread is missing.*: delete it$/],
  ] as const) {
    assert.notEqual(content, whole);
    writeFileSync(file, content);
    await assert.rejects(run(), why);
  }
});

test("a checkpoint that is not whole is refused in one sentence, and the lock is released", async (t) => {
  const { file, run } = workFolder(t);
  writeFileSync(`${file}.checkpoint`, "half");
  await assert.rejects(run(), /\.checkpoint: is no whole JSON: delete it$/);
  assert.ok(!existsSync(`${file}.lock`));
});

test("data that are not there are said before anything is trained, in one sentence", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-pool-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const task = parseTask({
    ...spec.task,
    model: { kind: "lstm", embedding: 4, hidden: 4, dropout: 0, hideWords: 0 },
    data: { kind: "atis", shards: 2, seed: 1 },
  });
  const { signal } = new AbortController();
  const run = (dataDir: string) =>
    runAll([{ ...spec, task }], { jobs: 1, folder, dataDir, signal, say: () => {} });
  await assert.rejects(run(join(folder, "nowhere")), {
    name: "Error",
    exitCode: 2,
    message: /must be a folder/,
  });
  await assert.rejects(run(folder), { name: "Error", exitCode: 2, message: /^data of tiny \(.*\): atis/ });
});

test("time left is that of what this start has done", () => {
  let nowMs = 1_000;
  const pace = createPace(100, () => nowMs);
  pace.skip(60);
  nowMs += 5_000;
  pace.did(10);
  assert.equal(pace.total, 40);
  assert.equal(pace.leftMs(), 15_000);
});
