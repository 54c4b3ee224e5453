/** What a task's data look like, without making them. */
import type { Task } from "../../core/task.ts";
import type { ImageShape } from "./data-set.ts";
import { glyphClasses, glyphShape } from "./glyphs.ts";

export interface DataDescription {
  readonly shape: ImageShape;
  readonly classes: number;
  /** What each class is called, in the order of the model's outputs. */
  readonly labels: readonly string[];
}

const descriptions: Readonly<Record<Task["data"]["kind"], DataDescription>> = {
  glyphs: {
    shape: glyphShape,
    classes: glyphClasses,
    labels: Array.from({ length: glyphClasses }, (_, digit) => `${digit}`),
  },
};

export function describeData({ kind }: Pick<Task["data"], "kind">): DataDescription {
  return descriptions[kind];
}
