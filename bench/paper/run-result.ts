/** What is kept of a finished training, and who made it. */
import * as v from "valibot";
import type { Evaluation } from "./evaluation.ts";
import { measured, readKept, unusable } from "./kept-file.ts";
import { programVersion } from "./run-spec.ts";
import type { Program, RunSpec } from "./run-spec.ts";

export interface RunResult extends Program {
  readonly spec: RunSpec;
  readonly epochs: number;
  /** [epoch, nats]: mean over the workers, and over the rounds since the point before. */
  readonly curve: readonly (readonly [number, number])[];
  /** Mean over the workers and the rounds of the last epoch (or quarter, if that is shorter), before each step. */
  readonly trainLoss: number;
  /** Measured: share of the fragments that did not arrive. */
  readonly dropped: number;
  /** Root mean square distance of the replicas from their mean, relative to its length, at the end. */
  readonly spread: number;
  readonly evaluation: Evaluation;
  readonly processorSeconds: number;
}

/** To be of this program, and of segments so long. Files from before there were such fields are of version 0. */
export function programEntries(segmentRounds: number) {
  const exactly = <const Value extends number>(value: Value) =>
    v.pipe(v.optional(v.number(), 0), v.literal(value, `must be ${value}, as this program's`));
  return { programVersion: exactly(programVersion), segmentRounds: exactly(segmentRounds) };
}

const figures = v.object({ trainLoss: measured, test: v.record(v.string(), measured) });

const entries = {
  spec: v.unknown(),
  epochs: measured,
  curve: v.array(v.tuple([measured, measured])),
  trainLoss: measured,
  dropped: measured,
  spread: measured,
  evaluation: v.object({ mean: figures, replicas: v.array(figures) }),
  processorSeconds: v.number(),
};

/**
 * Undefined where there is none.
 * @throws when it is not of this program, or of another training
 */
export function readResult(file: string, spec: RunSpec, segmentRounds: number): RunResult | undefined {
  const result = readKept(file, v.object({ ...programEntries(segmentRounds), ...entries }));
  if (!result) return undefined;
  if (JSON.stringify(result.spec) !== JSON.stringify(spec)) throw unusable(file, "is of another training");
  return { ...result, spec };
}
