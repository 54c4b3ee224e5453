import assert from "node:assert/strict";
import { test } from "node:test";
import type { BackendName, Wish } from "../../shared/training/backend-report.ts";
import { chooseBackend } from "../../shared/training/choose-backend.ts";
import { createFakeBackends } from "./fake-backends.ts";
import type { FakeBackend } from "./fake-backends.ts";
import { smallTask } from "./fixture.ts";

type Backends = Partial<Record<BackendName, FakeBackend>>;

const simd = { backend: "wasm (SIMD)" };
const card = { stepMs: 2, backend: "webgpu (Some Card)" };

const byItself: Wish = { processor: "automatic" };
const inTab = ["webgpu", "webgl"] as const;
const inNode = ["webgpu", "tensorflow"] as const;

async function choose(backends: Backends, wish: Wish = byItself, rivals: readonly BackendName[] = inTab) {
  const { open, clock, settle, threads } = createFakeBackends(backends);
  const choice = await settle(chooseBackend(smallTask(), { ...wish, rivals, open, clock }));
  const running = threads.filter(({ isClosed }) => !isClosed()).map(({ name }) => name);
  return { ...choice, ...choice.report, threads, running, tookMs: clock.now() };
}

const notes = (trials: readonly { readonly name: string; readonly note: string | null }[]) =>
  Object.fromEntries(trials.map(({ name, note }) => [name, note]));

test("a GPU that is faster wins, and only its thread goes on", async () => {
  const chosen = await choose({ wasm: simd, webgpu: card, webgl: { stepMs: 5 } });
  assert.equal(chosen.title, "WebGPU: Some Card");
  assert.equal(
    chosen.why,
    "The GPU is faster: a training step takes 2.0 ms on it and 10 ms on the processor.",
  );
  assert.deepEqual(
    chosen.trials.map(({ name, stepMs }) => [name, stepMs]),
    [
      ["wasm", 10],
      ["webgpu", 2],
      ["webgl", 5],
    ],
  );
  assert.deepEqual(chosen.running, ["webgpu"]);
  assert.deepEqual(chosen.backups, ["webgl", "wasm", "cpu"]);
});

test("a slow GPU loses to the processor", async () => {
  const chosen = await choose({ wasm: simd, webgpu: { stepMs: 200 } });
  assert.equal(chosen.title, "WebAssembly (SIMD) on the processor");
  assert.equal(
    chosen.why,
    "For this model the processor is faster: a training step takes 10 ms, on the GPU 200 ms.",
  );
  assert.deepEqual(chosen.running, ["wasm"]);
});

for (const [fault, wrong] of [
  ["a wrong loss", { firstLoss: 2.32 }],
  ["a wrong gradient", { update: [1, -0.9] }],
] as const) {
  test(`a GPU that computes ${fault} loses, however fast`, async () => {
    const chosen = await choose({ wasm: simd, webgpu: { ...card, ...wrong } });
    assert.equal(chosen.name, "wasm");
    assert.equal(notes(chosen.trials)["webgpu"], "it computed something else than the processor");
    assert.ok(!chosen.backups.includes("webgpu"));
  });
}

test("a GPU whose numbers are not finite loses", async () => {
  const chosen = await choose({ wasm: simd, webgpu: { ...card, update: [NaN, -1] } });
  assert.equal(chosen.name, "wasm");
  assert.equal(notes(chosen.trials)["webgpu"], "it computed numbers that are not finite");
});

test("rounding differences are not nonsense", async () => {
  const rounded = { firstLoss: 2.300_01, update: [1.0001, -0.9999] } as const;
  assert.equal((await choose({ wasm: simd, webgpu: { ...card, ...rounded } })).name, "webgpu");
});

test("backends that hang cost their limit and no more", async () => {
  const chosen = await choose({ wasm: simd, webgpu: { hangs: true }, webgl: { stepMs: 60_000 } });
  assert.equal(chosen.name, "wasm");
  assert.equal(notes(chosen.trials)["webgpu"], "it did not manage a step of training in 4 s");
  assert.equal(notes(chosen.trials)["webgl"], "it did not manage a step of training in 4 s");
  assert.deepEqual(chosen.running, ["wasm"]);
  assert.ok(chosen.tookMs < 8_100, `${chosen.tookMs} ms`);
});

test("a slow backend does fewer steps instead of running out of time", async () => {
  const chosen = await choose({ wasm: { stepMs: 20_000 }, webgpu: { stepMs: 2_500 } });
  assert.equal(chosen.name, "webgpu");
  assert.deepEqual(
    chosen.threads.map(({ name, calls }) => [name, calls.length]),
    [
      ["wasm", 1],
      ["webgpu", 1],
      ["webgl", 0],
    ],
  );
});

test("a software adapter is not even tried, unless a person asks for the GPU", async () => {
  const backends = { wasm: simd, webgpu: { ...card, stepMs: 300, isSoftware: true } };
  const automatic = await choose(backends);
  assert.equal(automatic.name, "wasm");
  assert.equal(
    automatic.why,
    "No GPU can be used (WebGPU: only a software adapter: the processor plays the graphics card; " +
      "WebGL: there is none).",
  );
  assert.ok(automatic.threads.every(({ name, calls }) => name !== "webgpu" || calls.length === 0));
  const insisted = await choose(backends, { processor: "gpu" });
  assert.equal(insisted.name, "webgpu");
  assert.equal(
    insisted.why,
    "You asked for the GPU: a training step takes 300 ms on it and 10 ms on the processor. " +
      "It is only a software adapter: the processor plays the graphics card.",
  );
});

test("who asks for the processor gets it, and no GPU is opened", async () => {
  const chosen = await choose({ wasm: simd, webgpu: card }, { processor: "cpu" });
  assert.equal(chosen.why, "You asked for the processor.");
  assert.deepEqual(
    chosen.threads.map(({ name }) => name),
    ["wasm"],
  );
});

test("who asks for a GPU that is not there gets the processor and the reason", async () => {
  const chosen = await choose({ wasm: simd }, { processor: "gpu" });
  assert.equal(chosen.why, "You asked for the GPU, but none can be used (WebGPU, WebGL: there is none).");
});

test("without WebAssembly plain JavaScript is the yardstick, and the last resort", async () => {
  const fails = "CompileError: blocked";
  const slow = await choose({ wasm: { fails }, cpu: { stepMs: 400 } });
  assert.equal(slow.title, "JavaScript on the processor");
  assert.match(slow.why, /WebAssembly does not work here \(CompileError: blocked\), which makes it slow\.$/);
  const wrong = { ...card, firstLoss: 0 };
  assert.equal((await choose({ wasm: { fails }, cpu: {}, webgpu: wrong })).name, "cpu");
});

test("where nothing computes there is one sentence that says so", async () => {
  await assert.rejects(
    choose({ wasm: { fails: "no memory" } }),
    /^Error: nothing here can train: wasm: no memory; cpu: there is none; webgpu: .*; webgl: .*$/,
  );
});

test("the trial reads no data: it takes as many made-up samples as its three steps need", async () => {
  const { threads } = await choose({ wasm: simd });
  assert.equal(threads[0]?.made[0]?.trialSamples, 48);
  assert.equal(threads[0]?.calls.length, 3);
});

test("in Node TensorFlow competes, too", async () => {
  const tensorflow = { stepMs: 1, backend: "tensorflow (GPU)" };
  const chosen = await choose({ wasm: simd, webgpu: card, tensorflow }, byItself, inNode);
  assert.equal(chosen.title, "TensorFlow: GPU");
  assert.equal(
    chosen.why,
    "TensorFlow is faster: a training step takes 1.0 ms on it and 10 ms on the processor.",
  );
  assert.deepEqual(chosen.backups, ["webgpu", "wasm", "cpu"]);
});

test("what is missing in Node is named", async () => {
  const fails = "its package is not installed (npm install webgpu)";
  const chosen = await choose({ wasm: simd, webgpu: { fails } }, byItself, inNode);
  assert.equal(chosen.why, `No GPU can be used (WebGPU: ${fails}; TensorFlow: there is none).`);
});

test("a backend that was asked for by name: this one, however slow, and checked all the same", async () => {
  const slow = { ...card, stepMs: 300, isSoftware: true };
  const chosen = await choose({ wasm: simd, webgpu: slow }, { ...byItself, only: "webgpu" }, inNode);
  assert.equal(chosen.name, "webgpu");
  assert.match(chosen.why, /^You asked for WebGPU: a training step takes 300 ms on it and 10 ms on/);
  assert.deepEqual(chosen.running, ["webgpu"]);
  assert.deepEqual(chosen.backups, ["wasm", "cpu"]);
});

for (const [fault, webgpu] of [
  ["is missing", { missing: "no Vulkan driver" }],
  ["does not start", { fails: "no Vulkan device" }],
  ["computes nonsense", { ...card, firstLoss: 9 }],
  ["hangs", { hangs: true }],
] as const) {
  test(`a backend that was asked for by name and ${fault} is an error that says so`, async () => {
    const { open, clock, settle, threads } = createFakeBackends({ wasm: simd, webgpu });
    const choosing = chooseBackend(smallTask(), {
      processor: "automatic",
      only: "webgpu",
      rivals: inNode,
      open,
      clock,
    });
    await assert.rejects(
      settle(choosing),
      /^Error: training backend "webgpu" can't be used here: (no Vulkan|it computed something|it did not manage)/,
    );
    assert.ok(threads.every(({ isClosed }) => isClosed()));
  });
}

test("who asks for what is not there hears it before the processor is tried", async () => {
  const { open, clock, settle, threads } = createFakeBackends({ wasm: simd, webgpu: { missing: "none" } });
  const wish = { processor: "automatic", only: "webgpu", rivals: inNode } as const;
  await assert.rejects(settle(chooseBackend(smallTask(), { ...wish, open, clock })), /here: none$/);
  assert.deepEqual(
    threads.map(({ name }) => name),
    ["webgpu"],
  );
});

for (const [name, backends, wish] of [
  ["cpu", { wasm: simd, cpu: { stepMs: 60_000 } }, { ...byItself, only: "cpu" }],
  ["wasm", { wasm: { ...simd, stepMs: 60_000 }, webgpu: card }, { ...byItself, only: "wasm" }],
  ["wasm", { wasm: { ...simd, stepMs: 60_000 }, webgpu: card }, { processor: "cpu" }],
] as const) {
  test(`${name}, asked for by ${"only" in wish ? "name" : "kind"}: with nothing to compare it takes no trial step, however slow`, async () => {
    const chosen = await choose(backends, wish, inNode);
    assert.deepEqual([chosen.name, chosen.stepMs, chosen.trials], [name, null, []]);
    assert.match(chosen.why, /^You asked for (?:JavaScript|WebAssembly|the processor)\./);
    assert.deepEqual(
      chosen.threads.map((thread) => [thread.name, thread.calls.length]),
      [[name, 0]],
    );
  });
}

for (const name of ["cpu", "wasm"] as const) {
  test(`${name}, asked for by name and not there, is an error that says so`, async () => {
    await assert.rejects(
      choose({ [name]: { fails: "no memory" } }, { ...byItself, only: name }, inNode),
      new RegExp(`^Error: training backend "${name}" can't be used here: no memory$`),
    );
    await assert.rejects(
      choose({ [name]: { hangs: true } }, { ...byItself, only: name }, inNode),
      new RegExp(`^Error: training backend "${name}" can't be used here: it did not start in 30 s$`),
    );
  });
}

test("a rival that is refused for its memory is not opened, and whoever insists on it hears why", async () => {
  const { open, clock, settle, threads } = createFakeBackends({ wasm: simd, webgpu: card });
  const whyRefused = (name: BackendName) => (name === "webgpu" ? "needs more memory" : undefined);
  const options = { ...byItself, rivals: inNode, open, clock, whyRefused };
  const { name, report, backups } = await settle(chooseBackend(smallTask(), options));
  assert.deepEqual([name, notes(report.trials)["webgpu"]], ["wasm", "needs more memory"]);
  assert.deepEqual(backups, ["cpu"]);
  await assert.rejects(
    settle(chooseBackend(smallTask(), { ...options, only: "webgpu" })),
    /here: needs more/,
  );
  assert.ok(threads.every((thread) => thread.name !== "webgpu"));
});
