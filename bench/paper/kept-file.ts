/** JSON of the work folder: replaced whole, and checked when it is read, since another program may have written it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import { CommandError, exitCodes } from "../../peer-node/exit-codes.ts";
import { describeIssue } from "../../shared/core/parse.ts";

/** JSON has no NaN: what diverged is null there. */
export const measured = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? NaN),
);

/** Undefined where there is none. */
export function readKept<Kept>(
  file: string,
  schema: v.BaseSchema<unknown, Kept, v.BaseIssue<unknown>>,
): Kept | undefined {
  return existsSync(file) ? parseKept(file, readFileSync(file, "utf8"), schema) : undefined;
}

export function parseKept<Kept>(
  file: string,
  text: string,
  schema: v.BaseSchema<unknown, Kept, v.BaseIssue<unknown>>,
): Kept {
  const parsed = v.safeParse(schema, jsonOf(file, text));
  if (!parsed.success) throw unusable(file, describeIssue(parsed.issues[0]));
  return parsed.output;
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(file, "is no whole JSON");
  }
}

export function unusable(file: string, why: string): CommandError {
  return new CommandError(exitCodes.usage, `${file}: ${why}: delete it`);
}

/** A process that is killed while it writes leaves no half of a file. */
export function writeKept(file: string, kept: object): void {
  writeFileSync(`${file}.next`, `${JSON.stringify(kept)}\n`);
  renameSync(`${file}.next`, file);
}
