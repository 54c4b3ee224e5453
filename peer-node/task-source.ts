/** `--task`: the name of a built-in task, or a file with one. */
import { readFileSync } from "node:fs";
import { parseTask } from "../shared/core/task.ts";
import type { Task } from "../shared/core/task.ts";
import { builtInTasks } from "../shared/training/built-in-tasks.ts";
import { usageError } from "./exit-codes.ts";
import { suggestion } from "./nearest.ts";
import { printable } from "./printable.ts";

export const defaultTask = "glyphs-cnn";

/** @throws CommandError with one sentence when there is no such task, or its file is no task. */
export function loadTask(source: string): Task {
  const known = Object.hasOwn(builtInTasks, source) ? builtInTasks[source] : undefined;
  if (known) return known;
  const isFile = /[./\\]/.test(source);
  return isFile ? readTaskFile(source) : unknownTask(source);
}

function unknownTask(name: string): never {
  const names = Object.keys(builtInTasks);
  const otherwise = `there are ${names.join(", ")}; a task file ends in .json`;
  throw usageError(`unknown task (${name}): ${suggestion(name, names, otherwise)}`);
}

function readTaskFile(file: string): Task {
  const json = parseJson(file, readText(file));
  try {
    return parseTask(json);
  } catch (error) {
    throw usageError(`task file (${file}): ${sentenceOf(error)}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : sentenceOf(error);
    const known: Readonly<Record<string, string>> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
    };
    const why = known[code] ?? `it can't be read (${code})`;
    throw usageError(`task file (${file}): ${why}; \`shoal serve --print-task\` writes one to start from`);
  }
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    // The parser quotes what it met, which may be anything.
    throw usageError(`task file (${file}): no valid JSON, ${printable(sentenceOf(error))}`);
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
