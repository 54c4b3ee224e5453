/** One curve of a figure: a rule, and what its network does. */
import type { AveragingName, Task } from "../../../shared/core/task.ts";
import type { Outages } from "../../../shared/simulation/outages.ts";
import type { RunSpec } from "../run-spec.ts";
import type { Variant } from "../tasks.ts";

export interface Arm {
  readonly averaging: AveragingName;
  readonly drop: number;
  readonly meanBurst?: number;
  readonly outages?: Outages;
  /** In place of the task's own. */
  readonly learningRate?: number;
  readonly momentum?: number;
}

export function specOf(
  taskOf: (variant: Variant) => Task,
  { averaging, drop, meanBurst = 1, outages, learningRate, momentum }: Arm,
  rest: Omit<Variant, "averaging">,
  evaluation: RunSpec["evaluation"],
): RunSpec {
  const task = taskOf({ ...rest, averaging, learningRate, momentum });
  return { task, workers: rest.workers, drop, meanBurst, outages, evaluation };
}

export function nameOf({ averaging, drop, meanBurst = 1, outages, learningRate, momentum }: Arm): string {
  const rule = { rps: "", gradient: "gradients, ", "running-sums": "sums, ", reliable: "reliable, " }[
    averaging
  ];
  const losses = outages ? `${100 * outages.share} % away` : `${100 * drop} %`;
  const bursts = meanBurst > 1 ? " in bursts" : "";
  // With momentum the rate is what comes to the same in the long run.
  const rate = learningRate === undefined || momentum !== undefined ? "" : `, rate ${learningRate}`;
  const kept = momentum === undefined ? "" : `, momentum ${momentum}`;
  return `${rule}${losses}${bursts}${rate}${kept}`;
}
