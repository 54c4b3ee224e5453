/**
 * Whether this machine's graphics card computes what the processor computes: first every operation, value and
 * gradients, on random shapes, beside tfjs's cpu backend; then every kind of model trains 20 steps beside wasm.
 * bench/gpu.sh runs it where nothing is installed. Ends with 1 when something is wrong.
 */
import * as fc from "fast-check";
import { openBackend } from "../peer-node/backends/open-backend.ts";
import { createNodeBackends } from "../peer-node/backends/node-backends.ts";
import { findCard } from "../peer-node/backends/webgpu.ts";
import { wholeNumber } from "../peer-node/cli-options.ts";
import type { Task } from "../shared/core/task.ts";
import { startBackend } from "../shared/training/backend.ts";
import type { BackendName } from "../shared/training/backend-report.ts";
import { operationTable } from "../test/training/operation-table.ts";
import { relativeDistance, resultsOn } from "../test/training/operations.ts";
import type { Case } from "../test/training/operation-table.ts";
import { smallTasks } from "./bench-tasks.ts";
import { readOptions, someOf } from "./options.ts";

const { values } = readOptions({
  what: "does the graphics card compute what the processor computes?",
  options: {
    cases: wholeNumber("N", "of each operation (default: 10)", { min: 1, max: 1_000 }),
    steps: wholeNumber("N", "of each model (default: 20)", { min: 1, max: 1_000 }),
    models: someOf(Object.keys(smallTasks), "which models"),
  },
});
const { cases = 10, steps = 20, models = Object.keys(smallTasks) } = values;
/** Of values and gradients as vectors, relative: a card's functions are less exact than a processor's. */
const operationTolerance = 1e-4;
/** Of each loss, relative; single precision adds up in another order there. */
const lossTolerance = 1e-3;
let wrong = 0;

/** The worst relative distance of a value or a gradient. */
async function distanceOf({ inputs, compute }: Case): Promise<number> {
  const onCard = await resultsOn("webgpu", inputs, compute);
  const right = await resultsOn("cpu", inputs, compute);
  const gradients = right.gradients.map((it, index) => relativeDistance(onCard.gradients[index] ?? [], it));
  return Math.max(relativeDistance(onCard.value, right.value), ...gradients);
}

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

/** A difference that is not a number is wrong, too. */
async function judge(name: string, tolerance: number, difference: () => Promise<number>): Promise<void> {
  const startedMs = performance.now();
  const off = await difference();
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const isRight = off <= tolerance;
  if (!isRight) wrong += 1;
  console.log(
    `${isRight ? "right" : "WRONG"}  ${name}: off by ${off.toExponential(1)} at most (${seconds} s)`,
  );
}

const { name: card, isSoftware } = await findCard(undefined);
console.log(`${card}${isSoftware ? " (a software adapter: right or wrong, but no measure of speed)" : ""}`);
const { choiceOf } = createNodeBackends(undefined, (reason) => {
  console.error(reason);
  process.exit(1);
});
await startBackend(choiceOf("cpu"));
await startBackend(choiceOf("webgpu"));
for (const operation of operationTable)
  await judge(operation.name, operationTolerance, async () => {
    const distances: number[] = [];
    // No favour for edge cases: few are drawn, and they are to be like those of a model.
    for (const one of fc.sample(fc.noBias(operation.cases), { numRuns: cases, seed: 4 }))
      distances.push(await distanceOf(one));
    return Math.max(...distances);
  });
for (const [model, task] of Object.entries(smallTasks).filter(([name]) => models.includes(name)))
  await judge(`${model}, ${steps} steps`, lossTolerance, async () => {
    const onCard = await lossesOn("webgpu", task);
    const right = await lossesOn("wasm", task);
    return Math.max(...right.map((loss, step) => Math.abs((onCard[step] ?? NaN) / loss - 1)));
  });
if (wrong > 0) console.error(`${wrong} of them are wrong`);
// A driver may keep threads of its own.
process.exit(wrong === 0 ? 0 : 1);
