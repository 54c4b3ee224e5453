/** What a row of the fault table is: something is done to real peers, and figures are held against a bar. */
import type { Rng } from "../../shared/core/rng.ts";
import type { Task } from "../../shared/core/task.ts";
import type { LabNode, KernelLab } from "../../test/labs/kernel.ts";
import type { TrainingRun } from "../../test/labs/training-run.ts";

/** `short`: the same fault on fewer peers and for less time, for the tests. */
export type Size = "full" | "short";

/** Absent bar: for information. */
export interface Check {
  readonly what: string;
  readonly unit: string;
  /** NaN: what was waited for did not happen. That and what is infinite meets no bar. */
  readonly measured: number;
  readonly most?: number;
  readonly least?: number;
}

export interface StartOptions {
  readonly task: Task;
  readonly peers: number;
  /** Each process in a network namespace of its own, with real links to break. */
  readonly lab?: KernelLab;
  readonly envOf?: (node: LabNode) => NodeJS.ProcessEnv;
}

/** What a row works with. Everything it starts ends with it. */
export interface Chaos {
  readonly size: Size;
  /** Which fault exactly: victims, moments. */
  readonly rng: Rng;
  /** How long a row that has `minutes` goes on. */
  readonly minutes: number;
  say(text: string): void;
  /** When the row is over, however it went. */
  after(end: () => void | Promise<void>): void;
  start(options: StartOptions): Promise<TrainingRun>;
  openLab(peers: number): Promise<KernelLab>;
  /** Mean accuracy of the same task without faults, measured once. */
  unharmed(task: Task, peers: number): Promise<number>;
}

export interface Row {
  /** As on the command line. */
  readonly name: string;
  /** What is done, in a table's words. */
  readonly what: Readonly<Record<Size, string>>;
  /** Counts up where the row does or asks something else in the same words: figures of before are not of this row. */
  readonly version?: number;
  readonly needs?: "kernel lab" | "Chromium";
  /** The worst of so many counts. */
  readonly repeats: Readonly<Record<Size, number>>;
  /** What one repeat takes, for the time left. */
  readonly seconds: Readonly<Record<Size, number>>;
  /** Of a row whose length is its point. */
  readonly minutes?: Readonly<Record<Size, number>>;
  run(chaos: Chaos): Promise<readonly Check[]>;
}

export function isMet({ measured, most = Infinity, least = -Infinity }: Check): boolean {
  return Number.isFinite(measured) && measured <= most && measured >= least;
}

/** Of the same check in several repeats, the one that is furthest on the wrong side. */
export function worst(checks: readonly Check[]): Check {
  const badness = ({ measured, least }: Check) => {
    if (!Number.isFinite(measured)) return Infinity;
    return least === undefined ? measured : -measured;
  };
  return checks.reduce((found, check) => (badness(check) > badness(found) ? check : found));
}
