import assert from "node:assert/strict";
import { test } from "node:test";
import { startTrainerThread } from "../labs/trainer-thread.ts";
import { createTestTrainer, smallTask, trainAlone } from "./fixture.ts";

const thread = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`);
/** What `onCall` is to say to every call of the trainer. */
const ready = (onCall: string) => `import { parentPort as port } from "node:worker_threads";
  port.postMessage({ kind: "ready", parameterCount: 1, backend: "none", validationSamples: 0 });
  port.on("message", ({ method }) => { if (method) ${onCall} });`;

test("a trainer in a thread computes what a trainer in this thread computes", async () => {
  const remote = await startTrainerThread(smallTask(), { shard: 2 });
  const local = await createTestTrainer(smallTask(), undefined, 2);
  assert.equal(remote.backend, "wasm (SIMD)");
  assert.equal(remote.parameterCount, local.parameterCount);
  assert.equal(remote.validationSamples, local.validationSamples);
  assert.deepEqual(await trainAlone(remote, 5, 40), await trainAlone(local, 5, 40));
  await remote.close();
});

test("the caller's array stays his own", async () => {
  const trainer = await startTrainerThread(smallTask(), { shard: 0, backend: "cpu" });
  const parameters = await trainer.initialParameters();
  const result = await trainer.train(parameters, { round: 0, samples: 0 });
  assert.deepEqual(result.parameters, parameters);
  assert.equal(parameters.length, trainer.parameterCount);
  await trainer.close();
});

test("calls that overlap are done one after the other", async () => {
  const trainer = await startTrainerThread(smallTask(), { shard: 0 });
  const parameters = await trainer.initialParameters();
  const work = { round: 0, samples: 16 };
  const [first, second] = await Promise.all([
    trainer.train(parameters, work),
    trainer.train(parameters, work),
  ]);
  await trainer.close();
  const local = await createTestTrainer(smallTask());
  assert.deepEqual((await local.train(parameters, work)).parameters, first.parameters);
  assert.deepEqual((await local.train(parameters, work)).parameters, second.parameters);
});

test("an error in the thread is the call's, and the thread goes on", async () => {
  const trainer = await startTrainerThread(smallTask(), { shard: 0 });
  await assert.rejects(
    trainer.train(new Float32Array(3), { round: 0, samples: 1 }),
    /^Error: training thread: 3 parameters came, the model has \d+$/,
  );
  assert.equal((await trainer.initialParameters()).length, trainer.parameterCount);
  await trainer.close();
});

test("a closed trainer rejects what is pending and what comes later; closing twice is fine", async () => {
  const trainer = await startTrainerThread(smallTask(), { shard: 0 });
  const parameters = await trainer.initialParameters();
  const pending = trainer.train(parameters, { round: 0, samples: 1_000_000 });
  const rejected = assert.rejects(pending, /^Error: training thread: it was closed$/);
  await trainer.close();
  await rejected;
  await assert.rejects(trainer.initialParameters(), /it was closed/);
  await trainer.close();
});

test("a thread that dies rejects the calls that wait for it", async () => {
  const file = thread(ready("process.exit(7);"));
  const trainer = await startTrainerThread(smallTask(), { shard: 0, file });
  const calls = [trainer.initialParameters(), trainer.train(new Float32Array(1), { round: 0, samples: 1 })];
  for (const call of calls)
    await assert.rejects(call, /^Error: training thread: it ended by itself \(exit code 7\)$/);
});

test("a thread that throws says why, before and after it is ready", async () => {
  const early = thread(`throw new Error("no memory");`);
  await assert.rejects(
    startTrainerThread(smallTask(), { shard: 0, file: early }),
    /training thread: no memory$/,
  );
  const late = thread(ready(`throw new Error("no more memory");`));
  const trainer = await startTrainerThread(smallTask(), { shard: 0, file: late });
  await assert.rejects(trainer.initialParameters(), /training thread: no more memory$/);
});

test("a backend that cannot start is one clear sentence", async () => {
  const worker = new URL("../../shared/training/create-trainer.js", import.meta.url);
  const serve = new URL("../../shared/training/remote-backend.js", import.meta.url);
  const file = thread(`
    import { parentPort } from "node:worker_threads";
    import { createTrainer } from "${worker.href}";
    import { serveBackend } from "${serve.href}";
    const backend = { name: "wasm", binaries: "/nowhere/" };
    const make = ({ task }) => createTrainer(task, { shard: 0, backend, clock: performance });
    parentPort.on("message", serveBackend({ make }, (reply) => parentPort.postMessage(reply)));`);
  await assert.rejects(
    startTrainerThread(smallTask(), { shard: 0, file }),
    /training backend "wasm" did not start: are its \.wasm files in \/nowhere\//,
  );
});
