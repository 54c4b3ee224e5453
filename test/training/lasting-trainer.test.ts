import assert from "node:assert/strict";
import { test } from "node:test";
import type { BackendName, BackendReport } from "../../shared/training/backend-report.ts";
import { chooseBackend } from "../../shared/training/choose-backend.ts";
import { createLastingTrainer } from "../../shared/training/lasting-trainer.ts";
import { createFakeBackends } from "./fake-backends.ts";
import type { FakeBackend } from "./fake-backends.ts";
import { smallTask } from "./fixture.ts";

const work = { round: 3, samples: 16 };
const usual = { wasm: {}, cpu: {}, webgpu: { stepMs: 2, backend: "webgpu (Some Card)" } };

async function start(backends: Partial<Record<BackendName, FakeBackend>> = usual) {
  const { open, clock, settle, threads } = createFakeBackends(backends);
  const losses: [was: BackendName, why: string, report: BackendReport][] = [];
  const choice = await settle(
    chooseBackend(smallTask(), { processor: "automatic", rivals: ["webgpu", "webgl"], open, clock }),
  );
  const onLost = (...loss: [BackendName, string, BackendReport]) => void losses.push(loss);
  const trainer = await settle(createLastingTrainer(smallTask(), choice, { open, clock, onLost }));
  const latest = () => {
    const thread = threads.at(-1);
    assert.ok(thread);
    return thread;
  };
  const using = (name: BackendName) => {
    const thread = threads.findLast((it) => it.name === name);
    assert.ok(thread);
    return thread;
  };
  return { trainer, settle, threads, losses, latest, using };
}

test("a GPU that is lost during a call: the call is done again elsewhere, from the same parameters", async () => {
  const { trainer, settle, losses, latest, using } = await start();
  assert.equal(trainer.backend, "webgpu (Some Card)");
  const training = trainer.train(Float32Array.of(5, 6), work);
  using("webgpu").lose("the driver was reset");
  assert.deepEqual([...(await settle(training)).parameters], [6, 5]);
  assert.equal(latest().name, "wasm");
  assert.deepEqual(latest().calls, [[5, 6]]);
  assert.deepEqual(latest().made, [{ task: smallTask(), trialSamples: undefined }]);
  assert.equal(trainer.backend, "wasm");
  const [[was, why, report] = []] = losses;
  assert.deepEqual([was, why, losses.length], ["webgpu", "the driver was reset", 1]);
  assert.equal(report?.title, "WebAssembly on the processor");
  assert.equal(report?.why, "WebGPU was lost (the driver was reset), so training goes on here.");
});

test("a GPU that is lost between calls is replaced before the next one", async () => {
  const { trainer, settle, losses, using } = await start();
  using("webgpu").lose("unplugged");
  await settle(trainer.initialParameters());
  assert.equal(losses.length, 1);
  assert.equal(trainer.backend, "wasm");
  assert.ok(using("webgpu").isClosed());
});

test("a GPU that fails a call, or answers none, is given up", async () => {
  const failing = await start();
  failing.using("webgpu").fail("the buffer is unmapped");
  await failing.settle(failing.trainer.train(Float32Array.of(5, 6), work));
  assert.deepEqual(failing.losses[0]?.slice(0, 2), ["webgpu", "the buffer is unmapped"]);
  const hanging = await start();
  hanging.using("webgpu").hang();
  await hanging.settle(hanging.trainer.train(Float32Array.of(5, 6), work));
  assert.deepEqual(hanging.losses[0]?.slice(0, 2), ["webgpu", "it did not answer within 30 s"]);
});

test("calls that overlap a loss share one replacement", async () => {
  const { trainer, settle, losses, threads, using } = await start();
  const calls = [1, 2].map((first) => trainer.train(Float32Array.of(first, 0), work));
  using("webgpu").lose("gone");
  const results = await settle(Promise.all(calls));
  assert.deepEqual(
    results.map(({ parameters }) => parameters[0]),
    [2, 3],
  );
  assert.equal(losses.length, 1);
  assert.deepEqual(
    threads.map(({ name }) => name),
    ["wasm", "webgpu", "webgl", "wasm"],
  );
});

test("when the successor dies too the next one takes over, and after the last one there is a sentence", async () => {
  const { trainer, settle, losses, using } = await start();
  for (const [name, why] of [
    ["webgpu", "first"],
    ["wasm", "second"],
  ] as const) {
    const training = trainer.train(Float32Array.of(5, 6), work);
    using(name).lose(why);
    await settle(training);
  }
  assert.deepEqual(
    losses.map(([was, why]) => `${was}: ${why}`),
    ["webgpu: first", "wasm: second"],
  );
  assert.equal(trainer.backend, "cpu");
  using("cpu").lose("out of memory");
  await assert.rejects(settle(trainer.train(Float32Array.of(5, 6), work)), {
    message: "no training backend is left (cpu: out of memory)",
  });
});

test("a fault of the caller costs no backend", async () => {
  const { trainer, losses } = await start();
  await assert.rejects(trainer.train(new Float32Array(3), work), {
    message: "3 parameters came, the model has 2",
  });
  assert.deepEqual(losses, []);
});

test("a closed trainer opens nothing more", async () => {
  const { trainer, settle, threads, using, losses } = await start();
  const training = trainer.train(Float32Array.of(5, 6), work);
  const rejected = assert.rejects(training, /was closed/);
  await trainer.close();
  await settle(rejected);
  assert.ok(using("webgpu").isClosed());
  assert.equal(threads.length, 3);
  assert.deepEqual(losses, []);
  await assert.rejects(trainer.initialParameters(), /the trainer was closed/);
});
