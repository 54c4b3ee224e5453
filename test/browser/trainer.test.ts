import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { quantile } from "../../shared/simulation/figures.ts";
import { needsChromium } from "../needs.ts";
import { startServer } from "../server/fixture.ts";
import { builtIn, createTestTrainer, distance, smallTask, trainAlone } from "../training/fixture.ts";
import { launchChromium, openPage, softwareGpu } from "./chromium.ts";
import type { Ending, WatchedPage } from "./chromium.ts";
import type { TrainingJob, TrainingOutcome } from "./trainer-host.ts";

const cnn = builtIn("glyphs-cnn");
/** One batch over and over, at the full learning rate: few steps show that the loss falls. */
const task = {
  ...cnn,
  data: { ...cnn.data, samplesPerShard: cnn.batch, validationSamples: 10 },
  optimizer: { ...cnn.optimizer, warmupRounds: 0 },
};
const shard = 3;
/** A software adapter takes seconds to compile its shaders, more on a busy machine. */
const timeout = 90_000;

/** The test's worker as one script, which the page finds beside the real ones. */
async function hostScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../../../test/browser/trainer-host.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}

async function openHost(t: Ending, browser: Browser): Promise<WatchedPage> {
  const server = await startServer(t);
  const watched = await openPage(browser, server.url);
  const body = await hostScript();
  const headers = { "Cross-Origin-Embedder-Policy": "require-corp" };
  await watched.page.route("**/trainer-host.js", (route) =>
    route.fulfill({ contentType: "text/javascript", headers, body }),
  );
  return watched;
}

interface PageOutcome extends TrainingOutcome {
  /** The longest that the page itself was kept from its timers: before training, then in each round. */
  readonly pageGapsMs: readonly number[];
}

/** Runs the job in a worker of the page; tells the console when training begins. */
function run(page: Page, on: TrainingJob["on"], changes: Partial<TrainingJob> = {}): Promise<PageOutcome> {
  const job: TrainingJob = { task, shard, rounds: 4, samples: task.batch, on, ...changes };
  return page.evaluate(async (todo) => {
    const worker = new Worker("/trainer-host.js", { type: "module" });
    const pageGapsMs: number[] = [];
    let [lastMs, gapMs] = [performance.now(), 0];
    const look = () => (gapMs = Math.max(gapMs, performance.now() - lastMs));
    const ticking = setInterval(() => {
      look();
      lastMs = performance.now();
    }, 10);
    // A gap that lasts counts before and after the cut.
    const cut = () => {
      pageGapsMs.push(look());
      gapMs = 0;
    };
    try {
      const outcome = await new Promise<TrainingOutcome>((resolve, reject) => {
        worker.addEventListener("error", ({ message }) => reject(new Error(message)));
        worker.addEventListener("message", ({ data }) => {
          if ("started" in data || "round" in data) cut();
          if ("started" in data) console.log(`started ${data.started}`);
          if ("failure" in data) reject(new Error(data.failure));
          else if ("outcome" in data) resolve(data.outcome);
        });
        worker.postMessage(todo, []);
      });
      return { ...outcome, pageGapsMs };
    } finally {
      clearInterval(ticking);
      worker.terminate();
    }
  }, job);
}

describe("training in a tab", { skip: needsChromium() }, () => {
  const ends: (() => Promise<void> | void)[] = [];
  const t: Ending = { after: (end) => void ends.push(end) };
  let browser: Browser;
  let host: WatchedPage;

  before(async () => {
    browser = await launchChromium(t, { args: softwareGpu });
    host = await openHost(t, browser);
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  for (const backend of ["wasm", "cpu", "webgl", "webgpu"] as const) {
    test(
      `${backend} trains glyphs-cnn: the loss falls, by the gradient that Node computes`,
      {
        timeout,
      },
      async () => {
        const outcome = await run(host.page, { backend });
        const node = await createTestTrainer(task, undefined, shard);
        const initial = await node.initialParameters();
        const { parameters } = await trainAlone(node, 1, task.batch);
        const update = (values: ArrayLike<number>) =>
          initial.map((start, index) => (values[index] ?? NaN) - start);
        const off = distance(update(outcome.firstParameters), update(parameters));
        assert.match(outcome.backend, new RegExp(`^${backend}\\b`));
        assert.ok(off < 1e-3, `the first updates differ by ${off}`);
        const [first = NaN, last = NaN] = [outcome.losses[0], outcome.losses.at(-1)];
        assert.ok(last < first - 0.1, `the loss went ${outcome.losses.join(" ")}`);
        assert.deepEqual(host.faults, []);
      },
    );
  }

  test("20 steps have the same losses in Node, in a tab, and on its WebGPU", { timeout }, async (context) => {
    const rounds = 20;
    const samples = 8;
    const { losses } = await trainAlone(await createTestTrainer(task, undefined, shard), rounds, samples);
    for (const backend of ["wasm", "webgpu"] as const) {
      const outcome = await run(host.page, { backend }, { rounds, samples });
      const offs = losses.map((loss, step) => Math.abs((outcome.losses[step] ?? NaN) - loss) / loss);
      const worst = offs.reduce((a, b) => Math.max(a, b), 0);
      context.diagnostic(`${backend}: at most ${worst.toExponential(1)} off`);
      assert.ok(worst <= 1e-3, `${backend}: ${offs.join(" ")}`);
    }
  });

  test("training with wasm blocks neither the page nor the peer's worker", { timeout }, async (context) => {
    const starts: number[] = [];
    const rounds: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      const job = { rounds: 5, samples: 8 * task.batch };
      const { gapsMs, pageGapsMs } = await run(host.page, { backend: "wasm" }, job);
      const [startMs = NaN, ...ofPage] = pageGapsMs;
      starts.push(startMs);
      rounds.push(...gapsMs.map((gapMs, round) => Math.max(gapMs, ofPage[round] ?? NaN)));
    }
    const shown = (some: readonly number[]) => some.map((gap) => gap.toFixed(0)).join(", ");
    context.diagnostic(`longest gaps: at the start ${shown(starts)} ms, of rounds ${shown(rounds)} ms`);
    assert.ok(!rounds.some(Number.isNaN));
    // A machine that stops a thread now and then touches some rounds; training that blocks it, every one.
    assert.ok(quantile(rounds, 0.5) <= 100);
    // What is loaded blocks every start, or none.
    assert.ok(Math.min(...starts) <= 100);
  });

  test("automatic finds no real GPU, says so, and loads no GPU backend", { timeout }, async () => {
    const asked: string[] = [];
    const fresh = await openHost(t, browser);
    fresh.page.context().on("request", (request) => void asked.push(request.url()));
    const { report, losts } = await run(fresh.page, { processor: "automatic" });
    assert.equal(report?.title, "WebAssembly (SIMD) on the processor");
    assert.match(report.why, /^No GPU can be used \(WebGPU, WebGL: only a software adapter/);
    assert.deepEqual(losts, []);
    // A chunk's name says which backend it is; none is loaded for nothing.
    const chunks = asked.filter((url) => /-backend-|webgl|webgpu/.test(url));
    assert.deepEqual(
      chunks.map((url) => /\/([a-z-]+)(?:-[A-Z0-9]+\.js|\.wasm)$/.exec(url)?.[1]),
      ["wasm-backend", "tfjs-backend-wasm-simd"],
    );
    assert.deepEqual(fresh.faults, []);
  });

  test("when the GPU goes away in the middle of it, training goes on elsewhere", { timeout }, async () => {
    const data = { kind: "glyphs", samplesPerShard: 16, validationSamples: 10, seed: 5 } as const;
    const small = { task: smallTask({ data }), rounds: 4, samples: 16, afterLoss: true };
    const started = host.page.waitForEvent("console", {
      predicate: (message) => message.text().startsWith("started"),
      timeout,
    });
    const running = run(host.page, { processor: "gpu" }, small);
    await started;
    const devTools = await browser.newBrowserCDPSession();
    await devTools.send("Browser.crashGpuProcess");
    const { report, losts, losses, backend } = await running;
    assert.match(report?.name ?? "", /^webg/);
    assert.equal(losts[0]?.was, report?.name);
    assert.match(losts[0]?.report.why ?? "", /was lost \(.*\), so training goes on here/);
    assert.equal(backend.split(" ")[0], losts.at(-1)?.report.name);
    // A lost context answers with zeros for a while.
    assert.ok(Math.min(...losses) > 0, `the loss went ${losses.join(" ")}`);
    assert.ok((losses.at(-1) ?? NaN) < (losses[0] ?? NaN), `the loss went ${losses.join(" ")}`);
  });
});
