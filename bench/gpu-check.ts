/**
 * Whether this machine's graphics card computes what the processor computes: every kind of model trains 20
 * steps on both, and their losses must agree. `node dist/bench/gpu-check.js`; bench/gpu.sh runs it where
 * nothing is installed. Ends with 1 when something is wrong.
 */
import { openBackend } from "../peer-node/backends/open-backend.ts";
import { findCard } from "../peer-node/backends/webgpu.ts";
import type { Task } from "../shared/core/task.ts";
import type { BackendName } from "../shared/training/backend-report.ts";
import { smallTasks } from "./bench-tasks.ts";

const steps = 20;
/** Of each loss, relative; single precision adds up in another order there. */
const tolerance = 1e-3;

async function lossesOn(name: BackendName, task: Task): Promise<number[]> {
  const thread = openBackend(name, { place: { shard: 0 } });
  try {
    const trainer = await thread.make(task, steps * task.batch);
    let parameters = await trainer.initialParameters();
    const losses: number[] = [];
    for (let round = 0; round < steps; round++) {
      const result = await trainer.train(parameters, { round, samples: task.batch });
      parameters = result.parameters;
      losses.push(result.loss);
    }
    return losses;
  } finally {
    thread.close();
  }
}

/** The worst relative difference. */
function difference(one: readonly number[], other: readonly number[]): number {
  return Math.max(...one.map((loss, step) => Math.abs(loss / (other[step] ?? NaN) - 1)));
}

const { name, isSoftware } = await findCard(undefined);
console.log(`${name}${isSoftware ? " (a software adapter: right or wrong, but no measure of speed)" : ""}`);
let wrong = 0;
for (const [model, task] of Object.entries(smallTasks)) {
  const startedMs = performance.now();
  const onCard = await lossesOn("webgpu", task);
  const seconds = (performance.now() - startedMs) / 1_000;
  const off = difference(onCard, await lossesOn("wasm", task));
  const isRight = off <= tolerance;
  if (!isRight) wrong += 1;
  const losses = `loss ${onCard[0]?.toFixed(4)} to ${onCard.at(-1)?.toFixed(4)}`;
  console.log(
    `${isRight ? "right" : "WRONG"}  ${model.padEnd(12)} ${losses}, at most ${off.toExponential(1)} from wasm (${seconds.toFixed(1)} s)`,
  );
}
process.exitCode = wrong === 0 ? 0 : 1;
