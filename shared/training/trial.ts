/**
 * The self-benchmark: three real local steps of the task. They show how fast a backend is, and whether it
 * computes the same as another one; some GPU drivers do not.
 */
import type { Task } from "../core/task.ts";
import type { Trainer } from "./trainer.ts";

const steps = 3;
/** Measured between the four in single precision: 0.0004 %. Half precision or a wrong kernel is far off. */
const lossTolerance = 0.002;
const updateTolerance = 0.02;

export interface Trial {
  /** The fastest step: the first one pays for compiling. */
  readonly stepMs: number;
  readonly firstLoss: number;
  /** What the first step added to the parameters: the gradient, but for a factor. */
  readonly firstUpdate: Float32Array;
}

/** What the steps need, made up: loading the task's own data takes longer than the steps. */
export function trialSamples(task: Task): number {
  return steps * task.batch;
}

/** `isOver`: asked before every step after the first. */
export async function tryTrainer(trainer: Trainer, task: Task, isOver: () => boolean): Promise<Trial> {
  // After the warm-up: the first learning rates are too small to tell a right gradient from a wrong one.
  const work = { round: task.optimizer.warmupRounds, samples: task.batch };
  const initial = await trainer.initialParameters();
  const first = await trainer.train(initial, work);
  const firstUpdate = first.parameters.map((value, index) => value - (initial[index] ?? NaN));
  let [stepMs, { parameters }] = [first.trainMs, first];
  for (let step = 1; step < steps && !isOver(); step++) {
    const result = await trainer.train(parameters, work);
    parameters = result.parameters;
    stepMs = Math.min(stepMs, result.trainMs);
  }
  return { stepMs, firstLoss: first.loss, firstUpdate };
}

export function hasFiniteNumbers(trial: Trial): boolean {
  return Number.isFinite(trial.firstLoss) && trial.firstUpdate.every(Number.isFinite);
}

/** Whether two backends computed the same first step. */
export function agree(one: Trial, yardstick: Trial): boolean {
  const lossOff = Math.abs(one.firstLoss - yardstick.firstLoss);
  const isSameLoss = lossOff <= lossTolerance * Math.max(1, Math.abs(yardstick.firstLoss));
  return isSameLoss && distance(one.firstUpdate, yardstick.firstUpdate) <= updateTolerance;
}

/** ‖a − b‖ / ‖b‖. */
function distance(a: Float32Array, b: Float32Array): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    size += (b[i] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / size);
}
