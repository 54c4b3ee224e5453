/**
 * Where the processor's time goes while 16 workers train ResNet-20 with simulated losses, by V8's sampling
 * profiler, after the data are loaded and everything is warm.
 */
import { Session } from "node:inspector/promises";
import type { Profiler, Runtime } from "node:inspector";
import { text, wholeNumber } from "../../peer-node/cli-options.ts";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { wasmFiles } from "../../peer-node/wasm-binaries.ts";
import { createExchange } from "../../shared/simulation/exchange.ts";
import { startBackend } from "../../shared/training/backend.ts";
import { keep, readOptions, resultFile } from "../options.ts";
import { cifarTask } from "./tasks.ts";
import { createWorkers } from "./workers.ts";

const { values } = readOptions({
  what: "where does the time go while 16 workers train ResNet-20 with simulated losses?",
  options: {
    "data-dir": text("DIR", "where CIFAR-10 is (default: SHOAL_DATA)"),
    rounds: wholeNumber("N", "that are measured (default: 6)", { min: 1, max: 1_000 }),
    out: resultFile(),
  },
});
const { rounds = 6, "data-dir": dataDir = process.env["SHOAL_DATA"] ?? "." } = values;
const workers = 16;
const task = cifarTask(20, { averaging: "rps", seed: 1, workers, batch: 32, rounds: rounds + 1 });

await startBackend({ name: "wasm", ...wasmFiles() });
const { all, initial } = await createWorkers(task, workers, createFolderSource(dataDir), 0);
const weather = { loss: 0.1 };
const exchange = createExchange({
  peers: workers,
  valueCount: initial.length,
  averaging: "rps",
  seed: 1,
  weather,
});
let replicas: Float32Array[] = all.map(() => initial.slice());
const moved = all.map(() => initial.slice());

async function runRound(round: number): Promise<void> {
  for (const [index, worker] of all.entries()) {
    const parameters = moved[index] ?? new Float32Array();
    parameters.set(replicas[index] ?? []);
    await worker.step(parameters, round);
  }
  replicas = exchange.round(round, replicas, moved);
}

/** Self times by where the code is. */
function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [at, id] of samples.entries()) {
    const place = places.get(id) ?? "other";
    if (place !== "idle") times.set(place, (times.get(place) ?? 0) + (timeDeltas[at] ?? 0));
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return new Map([...times].map(([place, time]) => [place, time / total]));
}

function placeOf({ url, functionName }: Pick<Runtime.CallFrame, "url" | "functionName">): string {
  if (functionName === "(idle)") return "idle";
  if (functionName === "(garbage collector)") return "garbage collector";
  if (url.startsWith("wasm:")) return "compute kernels";
  if (/\/shared\/(?:core|simulation)\//.test(url)) return "averaging and the simulated network";
  if (url.includes("node_modules/@tensorflow")) return "tfjs";
  return "other";
}

await runRound(0);
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.start");
const begunMs = performance.now();
for (let round = 1; round <= rounds; round++) await runRound(round);
const seconds = (performance.now() - begunMs) / 1000;
const { profile } = await session.post("Profiler.stop");
session.disconnect();

const shares = [...sharesOf(profile)].toSorted(([, a], [, b]) => b - a);
for (const [place, share] of shares) console.log(`${(100 * share).toFixed(1).padStart(5)} % ${place}`);
console.log(`${rounds} rounds of ${workers} workers in ${seconds.toFixed(1)} s`);
keep(values.out, `${JSON.stringify({ rounds, workers, seconds, shares: Object.fromEntries(shares) })}\n`);
