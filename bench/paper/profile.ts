/**
 * Where the processor's time goes while 16 workers train ResNet-20 with simulated losses, by V8's sampling
 * profiler, after the data are loaded and everything is warm.
 */
import { Session } from "node:inspector";
import type { Profiler, Runtime } from "node:inspector";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text, wholeNumber } from "../../peer-node/cli-options.ts";
import { createFolderSource } from "../../peer-node/folder-source.ts";
import { wasmFiles } from "../../peer-node/wasm-binaries.ts";
import { startBackend } from "../../shared/training/backend.ts";
import { keep, readOptions, resultFile } from "../options.ts";
import type { RunSpec } from "./run-spec.ts";
import { runSimulated } from "./simulated-run.ts";
import { cifarTask } from "./tasks.ts";

const { values } = readOptions({
  what: "where does the time go while 16 workers train ResNet-20 with simulated losses?",
  options: {
    "data-dir": text("DIR", "where CIFAR-10 is (default: SHOAL_DATA)"),
    rounds: wholeNumber("N", "that are measured (default: 12)", { min: 1, max: 1_000 }),
    out: resultFile(),
  },
});
const { rounds = 12, "data-dir": dataDir = process.env["SHOAL_DATA"] ?? "." } = values;
const workers = 16;
/** One more, to warm up. */
const allRounds = rounds + 1;
const spec: RunSpec = {
  task: cifarTask(20, { averaging: "rps", seed: 1, workers, batch: 32, rounds: allRounds }),
  workers,
  drop: 0.1,
  meanBurst: 1,
  evaluation: "brief",
};

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

const session = new Session();
session.connect();
session.post("Profiler.enable");
const folder = mkdtempSync(join(tmpdir(), "shoal-profile-"));
let begunMs = NaN;
let seconds = NaN;
let profile: Profiler.Profile | undefined;

function onRound(done: number): void {
  if (done === 1) {
    session.post("Profiler.start");
    begunMs = performance.now();
  }
  if (done < allRounds) return;
  seconds = (performance.now() - begunMs) / 1000;
  session.post("Profiler.stop", (_, stopped) => {
    ({ profile } = stopped);
  });
}

await startBackend({ name: "wasm", ...wasmFiles() });
try {
  const checkpointFile = join(folder, "checkpoint");
  await runSimulated(spec, {
    source: createFolderSource(dataDir),
    checkpointFile,
    segmentRounds: allRounds,
    onRound,
  });
} finally {
  rmSync(folder, { recursive: true });
  session.disconnect();
}
if (!profile) throw new Error("the profiler has nothing to say");

const shares = [...sharesOf(profile)].toSorted(([, a], [, b]) => b - a);
for (const [place, share] of shares) console.log(`${(100 * share).toFixed(1).padStart(5)} % ${place}`);
console.log(`${rounds} rounds of ${workers} workers in ${seconds.toFixed(1)} s`);
keep(values.out, `${JSON.stringify({ rounds, workers, seconds, shares: Object.fromEntries(shares) })}\n`);
