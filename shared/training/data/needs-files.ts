import type { DataSpec } from "../../core/task.ts";

/** Whether the data come from files: all but what the program draws. */
export function needsFiles({ kind }: Pick<DataSpec, "kind">): boolean {
  return kind !== "glyphs";
}
