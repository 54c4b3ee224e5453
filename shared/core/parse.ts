/** One sentence for a failed valibot parse: field, value, expectation. */
import type * as v from "valibot";

export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.map((item) => String(item.key)).join(".") ?? "";
  if (issue.expected === "never") return `${path}: no such setting`;
  const is = `${path === "" ? "the document" : path} is ${preview(issue.input)}`;
  if (issue.type !== "variant" && issue.input === undefined) return is;
  return `${is}: ${expectation(issue)}`;
}

/** Of a variant that somebody may give as a bare name. */
export function needsObject(example: string): (issue: v.BaseIssue<unknown>) => string {
  return (issue) => (issue.expected === "Object" ? `must be an object like ${example}` : expectation(issue));
}

/** The validator's own words in ours; what a schema says itself stays. */
function expectation({ kind, expected, message }: v.BaseIssue<unknown>): string {
  if (kind !== "schema" || !message.startsWith("Invalid ")) return message;
  const words = (expected ?? "something else").replace(/^\((.*)\)$/, "$1").replaceAll(" | ", " or ");
  return `must be ${words
    .replace(/^Object$/, "an object")
    .replace(/^Array$/, "a list")
    .replace(/^(?=number$|string$)/, "a ")}`;
}

function preview(value: unknown): string {
  if (value === undefined) return "missing";
  return (JSON.stringify(value) ?? typeof value).slice(0, 80);
}
