/** What every figure of the paper is made from. */
import type { Keep } from "../keep.ts";
import type { RunSpec } from "../run-spec.ts";
import type { RunResult } from "../run-result.ts";

/** `test` shows in seconds that the claim holds; `compressed` is what docs/results has. */
export type Size = "test" | "compressed" | "full";

export interface FigureContext {
  readonly size: Size;
  readonly signal: AbortSignal;
  /** Trainings that are not there yet are run. */
  train(specs: readonly RunSpec[]): Promise<readonly RunResult[]>;
  say(line: string): void;
  /** For what is measured in a lab: it is there when the same command goes on. */
  readonly keep: Keep;
}

export interface FigureFiles<Kept = object> {
  /** Kept as JSON. */
  readonly figures: Kept;
  /** SVG by the file's name without its end. */
  readonly plots: Readonly<Record<string, string>>;
}

export interface Figure<Kept = object> {
  readonly title: string;
  make(context: FigureContext): Promise<FigureFiles<Kept>>;
}
